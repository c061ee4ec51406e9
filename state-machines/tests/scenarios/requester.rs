//! Who asks: settled before the source is looked at, and recorded by itself.

use lockstep_state_machines::table::Scenario;
use lockstep_state_machines::{
    Effect, EnvironmentChange, Event, Refusal, RefusalCode, RequesterOutcome, State, Warrant,
};

use crate::run::{Run, fault};

#[test]
fn who_asks_is_recorded_once_and_the_source_is_looked_at_after_it() {
    let warrant = Warrant { sender: Some("AROA:session".to_owned()), run: None };
    let confirmed = Event::Requester(RequesterOutcome::Confirmed(Box::new(warrant.clone())));
    let mut run = Run::of(Scenario::staging());
    run.take(fault(true));
    let moved = run.take(confirmed).unwrap();
    assert_eq!(
        (moved.from, moved.to, moved.event),
        (State::CheckingSource, State::CheckingSource, "requester-confirmed")
    );
    assert_eq!(moved.detail, warrant.to_string(), "and not that a fault is over");
    assert_eq!(run.machine.deployment().retry, None);
    let effect = run.machine.effect().unwrap();
    assert!(matches!(effect, Some(Effect::CheckSource { confirmed: true, .. })), "{effect:?}");
    run.goes_well();
    assert_eq!(run.path(), ["locked/checking-source", "locked/inspecting-environment"]);
    assert_eq!(run.machine.deployment().warrant, Some(warrant));
}

#[test]
fn who_may_not_ask_is_refused_with_nothing_touched() {
    let refusal = Refusal { code: RefusalCode::NotAllowed, message: "run 1 is of a fork".to_owned() };
    let mut run = Run::of(Scenario::staging());
    run.take(Event::Requester(RequesterOutcome::Refused(refusal)));
    assert_eq!(run.path(), ["locked/checking-source", "rejected"]);
    let ending = run.ending();
    assert_eq!(ending.summary, "run 1 is of a fork");
    assert_eq!((ending.operator_needed, ending.environment), (false, EnvironmentChange::Unchanged));
}
