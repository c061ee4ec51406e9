//! Production: a promotion without a build, `latest`, and the way back.

use lockstep_state_machines::table::{Scenario, digest, refusal};
use lockstep_state_machines::{
    BindingOutcome, Effect, EnvironmentChange, Event, Evidence, Leg, ReadinessSeen, RefusalCode,
    RestoreOutcome, State, VerificationOutcome,
};

use crate::run::{Run, breaker, fault, not_ready, superseded};

const CANDIDATE: State = State::RollingOut { leg: Leg::Candidate };
const WAY_BACK: [&str; 6] = [
    "rolling-back/starting-restored",
    "rolling-back/rolling-out-restored",
    "rolling-back/checking-restored",
    "rolling-back/restoring-references",
    "rolling-back/retiring-revisions",
    "rolled-back",
];

#[test]
fn a_promotion_binds_the_version_and_never_builds() {
    let run = Run::of(Scenario::production().with_previous()).finished();
    assert_eq!(
        run.path(),
        [
            "locked/checking-source",
            "locked/inspecting-environment",
            "built/binding-version",
            "built/moving-tags",
            "built/publishing-release",
            "retagged/registering-candidate",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
            "healthy",
        ]
    );
    let EnvironmentChange::Runs(release) = run.ending().environment else { panic!("it runs") };
    assert_eq!((release.image_tag.as_str(), release.digest), ("0.2.0", digest(1)));
}

#[test]
fn a_promotion_moves_the_version_and_latest_to_the_digest() {
    let run = Run::of(Scenario::production()).up_to(State::MovingTags);
    let expected = Effect::MoveTags { digest: digest(1), permanent: "0.2.0".to_owned(), latest: true };
    assert_eq!(run.machine.effect().unwrap(), Some(expected));
}

#[test]
fn promoting_what_runs_already_only_proves_it() {
    let scenario = Scenario::production().with_previous().running_already();
    let run = Run::of(scenario).up_to(State::PublishingRelease).finished();
    assert_eq!(run.path(), ["deploying/checking-readiness", "healthy"]);
    let EnvironmentChange::Runs(release) = run.ending().environment else { panic!("it runs") };
    assert_eq!(release.task_definition, "app:1");
}

#[test]
fn what_runs_already_but_is_not_ready_is_rolled_out_afresh() {
    let wrong = Event::Verification(VerificationOutcome::WrongDigest {
        message: "task-2 runs another image".to_owned(),
        evidence: Evidence::default(),
    });
    for surprise in [not_ready(), wrong] {
        let scenario = Scenario::production().with_previous().running_already();
        let mut run = Run::of(scenario).up_to(State::Verifying { leg: Leg::Candidate });
        run.take(surprise);
        let run = run.finished();
        assert_eq!(
            run.path(),
            [
                "retagged/registering-candidate",
                "deploying/starting-candidate",
                "deploying/rolling-out-candidate",
                "deploying/checking-readiness",
                "healthy",
            ]
        );
        let EnvironmentChange::Runs(release) = run.ending().environment else { panic!("it runs") };
        assert_eq!(release.task_definition, "revision-of-candidate");
    }
}

#[test]
fn what_runs_already_and_gives_no_answer_is_asked_again_until_the_deadline() {
    let readiness =
        ReadinessSeen { url: "http://app".to_owned(), status: None, detail: "connection reset".to_owned() };
    let evidence = Evidence { readiness: Some(readiness), ..Evidence::default() };
    let silence = Event::Verification(VerificationOutcome::NotReady { evidence });
    let begun = || {
        let scenario = Scenario::production().with_previous().running_already();
        Run::of(scenario).up_to(State::Verifying { leg: Leg::Candidate })
    };
    let mut run = begun();
    assert_eq!(run.take(silence.clone()), None, "no answer is no \"no\"");
    run.goes_well();
    assert_eq!(run.path(), ["healthy"]);
    let mut run = begun();
    run.take_after_the_deadline(silence);
    assert_eq!(run.path(), ["retagged/registering-candidate"]);
}

#[test]
fn proving_what_runs_already_touches_nothing() {
    let scenario = Scenario::production().with_previous().running_already();
    let mut run = Run::of(scenario.clone()).up_to(State::Verifying { leg: Leg::Candidate });
    run.take(fault(false));
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/restoring-references", "failed"], "nothing to roll back");
    assert_eq!(run.ending().environment, EnvironmentChange::Unchanged);

    let mut run = Run::of(scenario).up_to(State::Verifying { leg: Leg::Candidate });
    run.take(Event::Verification(VerificationOutcome::Superseded { message: "app:77 comes".to_owned() }));
    let ending = run.finished().ending();
    assert!(ending.operator_needed, "but what somebody else began is said");
    assert_eq!(ending.environment, EnvironmentChange::Unknown(ending.summary.clone()));
}

#[test]
fn the_breaker_leads_back_to_the_last_healthy_release_and_latest_with_it() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(CANDIDATE);
    run.take(breaker());
    let run = run.finished();
    assert_eq!(run.path(), WAY_BACK);
    let ending = run.ending();
    assert_eq!(
        ending.summary,
        format!(
            "the circuit breaker tripped. production runs 0.1.0 again ({}), digest and readiness verified",
            digest(3)
        )
    );
    assert!(!ending.operator_needed);
    let failure = run.machine.deployment().failure.as_ref().unwrap();
    assert_eq!(failure.during, "deploying/rolling-out-candidate");
    assert_eq!(failure.evidence.stopped_tasks, ["task-7: essential container exited, exit code 101"]);
}

#[test]
fn never_ready_is_rolled_back_by_us_with_the_last_answer_kept() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::Verifying { leg: Leg::Candidate });
    let answer = ReadinessSeen {
        url: "the readiness URL".to_owned(),
        status: Some(503),
        detail: "migrating".to_owned(),
    };
    let evidence = Evidence { readiness: Some(answer.clone()), ..Evidence::default() };
    let seen = Event::Verification(VerificationOutcome::NotReady { evidence });
    assert_eq!(run.take(seen.clone()), None, "before the deadline it is only asked again");
    run.take_after_the_deadline(seen);
    let run = run.finished();
    assert_eq!(run.path(), WAY_BACK);
    let failure = run.machine.deployment().failure.as_ref().unwrap();
    assert_eq!(
        failure.message,
        "the candidate is not ready: the readiness URL answered 503 migrating after 300 s, its deadline"
    );
    assert_eq!(failure.evidence.readiness, Some(answer));
}

#[test]
fn the_first_promotion_that_crashes_needs_an_operator() {
    let mut run = Run::of(Scenario::production()).up_to(CANDIDATE);
    run.take(breaker());
    let run = run.finished();
    assert_eq!(
        run.path(),
        ["rolling-back/restoring-references", "rolling-back/retiring-revisions", "failed"]
    );
    let ending = run.ending();
    assert!(ending.operator_needed);
    assert_eq!(
        ending.summary,
        "the circuit breaker tripped; there is no healthy release to go back to; an operator is needed"
    );
}

#[test]
fn a_stalled_breaker_is_ended_by_our_deadline() {
    let mut run = Run::of(Scenario::production()).up_to(CANDIDATE);
    run.take_after_the_deadline(fault(true));
    let ending = run.finished().ending();
    assert!(ending.operator_needed);
    assert!(ending.summary.starts_with("the rollout of the candidate has not finished after 1800 s"));
}

#[test]
fn a_failed_way_back_is_never_called_rolled_back() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(CANDIDATE);
    run.take(breaker());
    let mut run = run.up_to(State::RollingOut { leg: Leg::Restored });
    run.take(breaker());
    let run = run.finished();
    assert_eq!(
        run.path(),
        ["rolling-back/restoring-references", "rolling-back/retiring-revisions", "failed"],
        "the rest is still done"
    );
    let ending = run.ending();
    assert!(ending.operator_needed);
    assert!(matches!(ending.environment, EnvironmentChange::Unknown(_)));
    assert!(ending.summary.contains("going back failed too: the circuit breaker tripped"));
}

#[test]
fn references_that_cannot_be_restored_are_said_although_the_release_runs_again() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(CANDIDATE);
    run.take(breaker());
    let mut run = run.up_to(State::RestoringReferences);
    run.take(fault(false));
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
    let ending = run.ending();
    assert!(ending.operator_needed);
    assert!(ending.summary.ends_with("but: access denied; an operator is needed"), "{}", ending.summary);
    let EnvironmentChange::Runs(release) = ending.environment else { panic!("the last healthy runs") };
    assert_eq!(release.digest, digest(3));
}

#[test]
fn what_was_done_about_latest_is_kept() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(CANDIDATE);
    run.take(superseded());
    assert_eq!(run.path(), ["rolling-back/restoring-references"], "the service is left alone");
    let notes = vec!["latest names 0.1.0 again".to_owned()];
    run.take(Event::Restore(RestoreOutcome::Restored { notes: notes.clone() }));
    assert_eq!(run.machine.deployment().reference_notes, notes);
    assert_eq!(run.finished().path().last(), Some(&"failed"));
}

#[test]
fn a_version_that_means_something_else_is_refused_before_any_effect() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(State::BindingVersion);
    run.take(Event::Binding(BindingOutcome::Taken(refusal(RefusalCode::VersionTaken))));
    assert_eq!(run.path(), ["rejected"]);
    let deployment = run.machine.deployment();
    assert!(!deployment.touched && !deployment.references_touched);
    assert_eq!(deployment.refusal, Some(refusal(RefusalCode::VersionTaken)));
}

#[test]
fn production_never_builds_makes_no_fresh_database_and_deploys_no_baseline() {
    let mut scenario = Scenario::production().with_database().with_baseline();
    let run = Run::of(scenario.clone()).up_to(State::PublishingRelease).finished();
    assert_eq!(
        run.path(),
        [
            "retagged/registering-candidate",
            "deploying/starting-candidate",
            "deploying/rolling-out-candidate",
            "deploying/checking-readiness",
            "healthy",
        ]
    );
    scenario.source.digest = None;
    let run = Run::of(scenario).finished();
    assert_eq!(run.path(), ["locked/checking-source", "rejected"]);
    assert!(run.ending().summary.contains("deploy its commit to staging first"));
}
