//! Somebody else changes the service in the middle of a deployment: it is named and left as it is, on the way
//! forward and on the way back.

use lockstep_state_machines::table::{Scenario, digest};
use lockstep_state_machines::{
    DrainOutcome, EnvironmentChange, Event, FailureCode, Leg, Proof, StartOutcome, State, TagsOutcome,
    VerificationOutcome,
};

use crate::run::{Run, breaker};

fn forestalled() -> Event {
    Event::Start(StartOutcome::Foreign { message: "somebody else has put app on app:77".to_owned() })
}

fn migrating() -> Scenario {
    Scenario::staging().with_database().with_baseline().with_previous()
}

#[test]
fn before_the_rollout_the_candidate_is_given_up_and_the_service_left_alone() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::Starting { leg: Leg::Candidate });
    run.take(forestalled());
    let run = run.finished();
    assert_eq!(
        run.path(),
        ["rolling-back/restoring-references", "rolling-back/retiring-revisions", "failed"]
    );
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Superseded);
    let ending = run.ending();
    assert!(
        ending.summary.contains("app:77; somebody else's change was left in place"),
        "{}",
        ending.summary
    );
    assert!(matches!(ending.environment, EnvironmentChange::Unknown(_)));
}

#[test]
fn before_the_drain_nothing_is_stopped() {
    let mut run = Run::of(migrating()).up_to(State::Draining { restoring: false });
    run.take(Event::Drain(DrainOutcome::Foreign { message: "app:77 runs".to_owned() }));
    let run = run.finished();
    assert_eq!(run.path(), ["rolling-back/retiring-revisions", "failed"]);
}

#[test]
fn on_the_way_back_it_is_not_overwritten_either() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::RollingOut { leg: Leg::Candidate });
    run.take(breaker());
    run.take(forestalled());
    let run = run.finished();
    assert_eq!(
        run.path(),
        [
            "rolling-back/starting-restored",
            "rolling-back/restoring-references",
            "rolling-back/retiring-revisions",
            "failed"
        ]
    );
    let ending = run.ending();
    assert!(ending.operator_needed && ending.summary.contains("app:77"), "{}", ending.summary);
}

#[test]
fn moved_references_are_said_in_history_and_verdict_and_stop_nothing() {
    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::Verifying { leg: Leg::Candidate });
    let findings = vec!["somebody deleted the release 0.2.0 meanwhile".to_owned()];
    let proof = Proof { findings, ..Proof::default() };
    let verified = run.take(Event::Verification(VerificationOutcome::Verified(proof))).unwrap();
    assert_eq!(verified.to, State::Healthy);
    assert!(verified.detail.ends_with("; found: somebody deleted the release 0.2.0 meanwhile"));
    assert!(run.ending().summary.ends_with("; but somebody deleted the release 0.2.0 meanwhile"));
}

#[test]
fn a_foreign_move_of_latest_is_recorded_once_and_moved_on() {
    let mut run = Run::of(Scenario::production().with_previous()).up_to(State::MovingTags);
    let foreign = |found| Event::Tags(TagsOutcome::Foreign { found });
    let found = |number| foreign(Some(digest(number)));
    let noted = run.take(found(7)).unwrap();
    assert_eq!((noted.from, noted.to), (State::MovingTags, State::MovingTags));
    assert!(noted.detail.contains(digest(7).as_str()), "{}", noted.detail);
    assert_eq!(run.take(found(7)), None, "it is on record");
    assert!(run.take(found(8)).is_some(), "another move is another record");
    let gone = run.take(foreign(None)).unwrap();
    assert!(gone.detail.contains("deleted latest"), "{}", gone.detail);
    assert_eq!(run.finished().path().last(), Some(&"healthy"));
}
