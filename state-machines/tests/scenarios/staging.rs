//! Staging: a fresh database, the release that runs in production, then the candidate.

use lockstep_state_machines::table::{Scenario, digest};
use lockstep_state_machines::{
    Build, BuildOutcome, DrainOutcome, EnvironmentChange, Event, FailureCode, Leg, SourceOutcome, State,
};

use crate::run::{Run, breaker, not_ready, superseded};

const CANDIDATE: State = State::RollingOut { leg: Leg::Candidate };
const BASELINE: State = State::RollingOut { leg: Leg::Baseline };

fn migrating() -> Scenario {
    Scenario::staging().with_database().with_baseline().with_previous()
}

#[test]
fn the_first_staging_deployment_builds_and_deploys_the_beta_directly() {
    let run = Run::of(Scenario::staging().with_database()).finished();
    assert_eq!(
        run.path(),
        [
            "locked/checking-source",
            "locked/inspecting-environment",
            "locked/dispatching-build",
            "locked/awaiting-build",
            "locked/recording-image",
            "built/moving-tags",
            "built/publishing-release",
            "retagged/registering-database",
            "retagged/registering-candidate",
            "deploying/draining",
            "deploying/awaiting-drain",
            "deploying/resetting-database",
            "deploying/awaiting-database",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
            "healthy",
        ]
    );
    let ending = run.ending();
    assert_eq!(
        ending.summary,
        format!("0.2.0-0100000.beta runs in staging and is ready; 1 of 1 tasks run {}", digest(1))
    );
    let EnvironmentChange::Runs(release) = ending.environment else { panic!("it runs") };
    assert_eq!(release.task_definition, "revision-of-candidate");
    assert_eq!(release.digest, digest(1));
}

#[test]
fn a_known_image_is_not_built_again_and_the_release_is_migrated_from() {
    let run = Run::of(migrating().with_image()).finished();
    assert_eq!(
        run.path(),
        [
            "locked/checking-source",
            "locked/inspecting-environment",
            "built/moving-tags",
            "built/publishing-release",
            "retagged/registering-database",
            "retagged/registering-baseline",
            "retagged/registering-candidate",
            "deploying/draining",
            "deploying/awaiting-drain",
            "deploying/resetting-database",
            "deploying/awaiting-database",
            "deploying/starting-baseline",
            "deploying/rolling-out-baseline",
            "deploying/checking-baseline",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
            "healthy",
        ]
    );
}

#[test]
fn without_a_database_of_its_own_nothing_is_drained() {
    let run = Run::of(Scenario::staging().with_baseline()).up_to(State::Registering { leg: Leg::Candidate });
    assert_eq!(
        run.finished().path(),
        [
            "deploying/starting-baseline",
            "deploying/rolling-out-baseline",
            "deploying/checking-baseline",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
            "healthy",
        ]
    );
}

#[test]
fn a_failed_candidate_leads_back_to_the_baseline_on_a_second_fresh_database() {
    let mut run = Run::of(migrating()).up_to(CANDIDATE);
    run.take(breaker());
    let run = run.finished();
    assert_eq!(
        run.path(),
        [
            "rolling-back/registering-database",
            "rolling-back/draining",
            "rolling-back/awaiting-drain",
            "rolling-back/resetting-database",
            "rolling-back/awaiting-database",
            "rolling-back/starting-restored",
            "rolling-back/rolling-out-restored",
            "rolling-back/checking-restored",
            "rolling-back/retiring-revisions",
            "rolled-back",
        ]
    );
    let ending = run.ending();
    assert_eq!(
        ending.summary,
        format!(
            "the circuit breaker tripped. staging runs 0.1.0 again ({}), digest and readiness verified",
            digest(2)
        )
    );
    let EnvironmentChange::Runs(release) = ending.environment else { panic!("the baseline runs") };
    assert_eq!(release.task_definition, "revision-of-baseline");
    assert_eq!(run.machine.deployment().to_retire(), ["revision-of-database", "revision-of-candidate"]);
}

#[test]
fn a_failed_baseline_ends_in_failed_with_the_last_healthy_release_back() {
    let mut run = Run::of(migrating()).up_to(BASELINE);
    run.take(breaker());
    let run = run.finished();
    assert_eq!(run.path().last(), Some(&"failed"));
    assert!(!run.path().iter().any(|state| state.contains("candidate")), "the candidate is never deployed");
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Baseline);
    let ending = run.ending();
    let EnvironmentChange::Runs(release) = ending.environment else { panic!("the last healthy runs") };
    assert_eq!((release.task_definition.as_str(), release.digest), ("app:1", digest(3)));
    assert!(!ending.operator_needed);
}

#[test]
fn a_baseline_that_is_never_ready_counts_as_failed() {
    let mut run = Run::of(migrating()).up_to(State::Verifying { leg: Leg::Baseline });
    run.take_after_the_deadline(not_ready());
    let run = run.finished();
    assert_eq!(run.path().last(), Some(&"failed"));
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Baseline);
}

#[test]
fn with_nothing_to_go_back_to_a_stopped_application_is_named() {
    let mut run =
        Run::of(Scenario::staging().with_database()).up_to(State::RollingOut { leg: Leg::Database });
    run.take(breaker());
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
    let ending = run.ending();
    assert!(ending.operator_needed);
    assert_eq!(
        ending.summary,
        "the circuit breaker tripped; there is no healthy release to go back to; the application may have \
         been left drained (desired count 0, before: 2); an operator is needed"
    );
    assert_eq!(ending.environment, EnvironmentChange::Unknown(ending.summary.clone()));
}

#[test]
fn a_second_reset_that_fails_keeps_the_database_that_ecs_may_go_back_to() {
    let mut run = Run::of(migrating()).up_to(CANDIDATE);
    run.take(breaker());
    let mut run = run.up_to(State::RollingOut { leg: Leg::RestoredDatabase });
    run.take(breaker());
    assert_eq!(run.machine.deployment().to_retire(), ["revision-of-candidate"]);
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
    assert!(run.ending().summary.contains("may have been left drained (desired count 0, before: 2)"));
}

#[test]
fn a_foreign_change_is_named_and_left_in_place() {
    let mut run = Run::of(migrating()).up_to(CANDIDATE);
    run.take(superseded());
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
    let ending = run.ending();
    assert!(ending.operator_needed);
    assert_eq!(
        ending.summary,
        "app:77 is being rolled out; somebody else's change was left in place; an operator is needed"
    );
}

#[test]
fn a_drain_that_somebody_undoes_is_a_foreign_change() {
    let mut run = Run::of(migrating()).up_to(State::AwaitingDrain { restoring: false });
    assert_eq!(run.take(Event::Drain(DrainOutcome::Running)), None, "no write for a poll");
    run.take(Event::Drain(DrainOutcome::Reverted { message: "desired is 3".to_owned() }));
    assert_eq!(run.path(), ["rolling-back/retiring-revisions"]);
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Superseded);
}

#[test]
fn a_failed_build_ends_it_before_anything_was_deployed() {
    let mut run = Run::of(migrating()).up_to(State::AwaitingBuild);
    assert_eq!(run.take(Event::Build(BuildOutcome::Running)), None, "no write for a poll");
    let build = Build { run: Some(7), attempt: Some(2), url: Some("run 7".to_owned()) };
    run.take(Event::Build(BuildOutcome::Failed { build, conclusion: "timed_out".to_owned() }));
    assert_eq!(run.path(), ["failed"]);
    let ending = run.ending();
    assert_eq!(ending.summary, "the build ended in timed_out: run 7; nothing was deployed");
    assert_eq!((ending.operator_needed, ending.environment), (false, EnvironmentChange::Unchanged));
}

#[test]
fn running_checks_are_waited_for_and_recorded_once_per_message() {
    let waiting = |on: &str| {
        Event::Source(SourceOutcome::Waiting {
            on: on.to_owned(),
            commit: lockstep_state_machines::table::commit(1),
        })
    };
    let mut run = Run::of(migrating());
    let first = run.take(waiting("2 checks are running")).unwrap();
    assert_eq!((first.from, first.to), (State::CheckingSource, State::CheckingSource));
    assert_eq!(first.detail, "2 checks are running");
    assert_eq!(run.take(waiting("2 checks are running")), None, "said already");
    assert!(run.take(waiting("1 check is running")).is_some());
    run.goes_well();
    assert_eq!(run.path(), ["locked/checking-source", "locked/inspecting-environment"]);

    let mut late = Run::of(migrating());
    late.take_after_the_deadline(waiting("1 check is running"));
    assert_eq!(late.path(), ["locked/checking-source", "failed"]);
    assert_eq!(
        late.ending().summary,
        "still waiting: 1 check is running after 3600 s, its deadline; nothing was deployed"
    );
}

#[test]
fn a_fresh_database_needs_a_database() {
    let mut scenario = migrating();
    scenario.inspection.database_base = None;
    let run = Run::of(scenario).finished();
    assert_eq!(run.path(), ["locked/checking-source", "locked/inspecting-environment", "rejected"]);
    assert!(run.ending().summary.contains("check the database's service in the configuration"));
}
