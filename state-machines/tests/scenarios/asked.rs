//! What each state asks for, in full: the right image, commit, revision and count, and nothing of another leg.
//! Found by mutation testing: the paths alone do not show a wrong fact.

use lockstep_state_machines::table::{Scenario, commit, digest};
use lockstep_state_machines::{Effect, Leg, State};

use crate::run::{Run, breaker};

/// Everything goes well from here on; what was asked for on the way.
fn asked(mut run: Run) -> Vec<Effect> {
    let mut all = Vec::new();
    while let Some(effect) = run.machine.effect().unwrap() {
        all.push(effect);
        run.goes_well();
    }
    all
}

fn registers(leg: Leg, base: &str, image: Option<u8>) -> Effect {
    Effect::RegisterRevision { leg, base: base.to_owned(), digest: image.map(digest) }
}

fn starts(leg: Leg, task_definition: &str, desired: Option<u32>) -> Effect {
    Effect::StartRollout { leg, task_definition: task_definition.to_owned(), desired }
}

fn follows(leg: Leg, task_definition: &str) -> Effect {
    let rollout = format!("rollout-of-{}", leg.name());
    Effect::FollowRollout { leg, task_definition: task_definition.to_owned(), rollout }
}

fn verifies(leg: Leg, task_definition: &str, image: u8, of: u8) -> Effect {
    Effect::Verify {
        leg,
        task_definition: task_definition.to_owned(),
        digest: digest(image),
        commit: Some(commit(of)),
    }
}

#[test]
fn staging_with_everything() {
    let scenario = Scenario::staging().with_database().with_baseline().with_previous();
    let (version, beta) = (scenario.source.version.clone(), scenario.source.beta.clone());
    let (target, overrides) = (scenario.request().target, scenario.request().overrides);
    let database = "revision-of-database";
    let (baseline, candidate) = ("revision-of-baseline", "revision-of-candidate");
    assert_eq!(
        asked(Run::of(scenario)),
        [
            Effect::CheckSource { target, overrides, pinned: None, confirmed: false },
            Effect::Inspect { digest: None },
            Effect::DispatchBuild { commit: commit(1), version: version.clone() },
            Effect::FollowBuild { run: Some(1), commit: commit(1) },
            Effect::RecordImage { commit: commit(1) },
            Effect::MoveTags { digest: digest(1), permanent: beta.to_string(), latest: false },
            Effect::PublishRelease { version, beta, commit: commit(1), digest: digest(1), prerelease: true },
            registers(Leg::Database, "db:1", None),
            registers(Leg::Baseline, "app:1", Some(2)),
            registers(Leg::Candidate, "app:1", Some(1)),
            Effect::Drain,
            Effect::FollowDrain,
            starts(Leg::Database, database, None),
            follows(Leg::Database, database),
            starts(Leg::Baseline, baseline, Some(2)),
            follows(Leg::Baseline, baseline),
            verifies(Leg::Baseline, baseline, 2, 2),
            starts(Leg::Candidate, candidate, Some(2)),
            follows(Leg::Candidate, candidate),
            verifies(Leg::Candidate, candidate, 1, 1),
        ]
    );
}

#[test]
fn a_promotion() {
    let scenario = Scenario::production().with_previous();
    let (version, beta) = (scenario.source.version.clone(), scenario.source.beta.clone());
    let (target, overrides) = (scenario.request().target, scenario.request().overrides);
    let candidate = "revision-of-candidate";
    assert_eq!(
        asked(Run::of(scenario)),
        [
            Effect::CheckSource { target, overrides, pinned: None, confirmed: false },
            Effect::Inspect { digest: Some(digest(1)) },
            Effect::BindVersion {
                version: version.clone(),
                commit: commit(1),
                digest: digest(1),
                beta: beta.clone()
            },
            Effect::MoveTags { digest: digest(1), permanent: version.to_string(), latest: true },
            Effect::PublishRelease { version, beta, commit: commit(1), digest: digest(1), prerelease: false },
            registers(Leg::Candidate, "app:1", Some(1)),
            starts(Leg::Candidate, candidate, Some(2)),
            follows(Leg::Candidate, candidate),
            verifies(Leg::Candidate, candidate, 1, 1),
        ]
    );
}

#[test]
fn an_image_that_runs_already_is_verified_where_it_runs() {
    let effects = asked(Run::of(Scenario::production().with_previous().running_already()));
    assert_eq!(effects.last(), Some(&verifies(Leg::Candidate, "app:1", 1, 1)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::StartRollout { .. })));
}

#[test]
fn the_way_back_of_a_promotion() {
    let scenario = Scenario::production().with_previous();
    let (version, previous) = (scenario.source.version.clone(), scenario.inspection.previous.clone());
    let mut run = Run::of(scenario).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    assert_eq!(
        asked(run),
        [
            starts(Leg::Restored, "app:1", Some(2)),
            follows(Leg::Restored, "app:1"),
            verifies(Leg::Restored, "app:1", 3, 3),
            Effect::RestoreReferences { version, digest: digest(1), previous },
            Effect::RetireRevisions { revisions: vec!["revision-of-candidate".to_owned()] },
        ]
    );
}

#[test]
fn the_way_back_of_a_candidate_after_a_proven_baseline_leads_to_the_baseline() {
    let scenario = Scenario::staging().with_database().with_baseline().with_previous();
    let mut run = Run::of(scenario).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    let (baseline, database) = ("revision-of-baseline", "revision-of-restored-database");
    let effects = asked(run);
    assert_eq!(
        effects[..effects.len() - 1],
        [
            registers(Leg::RestoredDatabase, "db:1", None),
            Effect::Drain,
            Effect::FollowDrain,
            starts(Leg::RestoredDatabase, database, None),
            follows(Leg::RestoredDatabase, database),
            starts(Leg::Restored, baseline, Some(2)),
            follows(Leg::Restored, baseline),
            verifies(Leg::Restored, baseline, 2, 2),
        ]
    );
    assert!(matches!(effects.last(), Some(Effect::RetireRevisions { .. })), "{effects:?}");
}

#[test]
fn a_build_is_pushed_under_a_tag_of_the_deployment_s_own() {
    let run = Run::of(Scenario::staging());
    let deployment = run.machine.deployment();
    assert_eq!(deployment.build_tag(), format!("build-{}", deployment.request.id));
}
