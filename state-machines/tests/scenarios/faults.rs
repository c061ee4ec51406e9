//! Faults of the services: retried while it can help, then said.

use jiff::SignedDuration;
use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{Event, Evidence, FailureCode, Leg, RolloutOutcome, State};

use crate::run::{Run, fault};

fn in_progress() -> Event {
    Event::Rollout(RolloutOutcome::InProgress { evidence: Evidence::default() })
}

#[test]
fn transient_faults_are_retried_and_forgotten_with_the_next_state() {
    let mut run = Run::of(Scenario::staging()).up_to(State::MovingTags);
    for count in 1..=3 {
        let noted = run.take(fault(true)).unwrap();
        assert_eq!(noted.to, State::MovingTags);
        assert!(noted.detail.starts_with(&format!("throttled; fault {count} in a row, at most 3")));
        assert_eq!(run.machine.not_before(), Some(run.now + SignedDuration::from_secs(2)));
    }
    run.goes_well();
    assert_eq!(run.path(), ["built/publishing-release"]);
    assert_eq!(run.machine.not_before(), None);
    assert!(run.take(fault(true)).unwrap().detail.contains("fault 1 in a row"));
    assert_eq!(run.finished().path().last(), Some(&"healthy"));
}

#[test]
fn one_more_than_the_budget_ends_it() {
    let mut run = Run::of(Scenario::staging()).up_to(State::MovingTags);
    for _ in 0..4 {
        run.take(fault(true));
    }
    assert_eq!(run.path(), ["failed"]);
    assert_eq!(
        run.ending().summary,
        "Amazon ECS failed 4 times in a row, the last time with: throttled; nothing was deployed"
    );
}

#[test]
fn only_faults_in_a_row_count_while_something_is_waited_for() {
    let state = State::RollingOut { leg: Leg::Candidate };
    let mut run = Run::of(Scenario::staging()).up_to(state);
    for _ in 0..5 {
        run.take(fault(true));
        run.take(fault(true));
        let answered = run.take(in_progress()).unwrap();
        assert_eq!(answered.detail, "answered again after 2 fault(s) in a row");
        assert_eq!(run.take(in_progress()), None, "recorded once");
    }
    assert_eq!(run.machine.state(), state);
    assert_eq!(run.finished().path().last(), Some(&"healthy"));
}

#[test]
fn a_state_that_acts_keeps_its_count_until_it_is_settled() {
    let mut run = Run::of(Scenario::staging()).up_to(State::DispatchingBuild);
    run.take(fault(true));
    assert!(run.take(fault(true)).unwrap().detail.contains("fault 2 in a row"));
}

#[test]
fn a_permanent_fault_ends_it_at_once_and_what_was_touched_is_put_back() {
    let mut run = Run::of(Scenario::staging()).up_to(State::Inspecting);
    run.take(fault(false));
    assert_eq!(run.path(), ["failed"]);
    assert_eq!(run.ending().summary, "access denied; nothing was deployed");

    let mut run =
        Run::of(Scenario::production().with_previous()).up_to(State::Starting { leg: Leg::Candidate });
    run.take(fault(false));
    let run = run.finished();
    assert_eq!(run.path().last(), Some(&"rolled-back"));
    assert_eq!(run.machine.deployment().failure.as_ref().unwrap().code, FailureCode::Service);
}

#[test]
fn an_unsettled_start_at_the_deadline_is_made_harmless() {
    let mut run = Run::of(Scenario::production()).up_to(State::Starting { leg: Leg::Candidate });
    run.take_after_the_deadline(fault(true));
    let run = run.up_to(State::Retiring);
    assert_eq!(run.machine.deployment().to_retire(), ["revision-of-candidate"], "a late update is refused");
    assert_eq!(run.finished().path(), ["failed"]);
}
