//! Which events a state takes: exactly those that can come of what it asked for. Any other is refused by name, and
//! leaves nothing behind.

use std::collections::BTreeMap;

use lockstep_state_machines::table::{Scenario, outcomes, policy};
use lockstep_state_machines::{Event, Leg, Machine, State};

use crate::run::{Run, breaker, fault};

/// An event without what it says: `Drain(Requested`.
fn name(event: &Event) -> String {
    let text = format!("{event:?}");
    let end = text.match_indices(['(', ' ', '{', ')']).nth(1).map_or(text.len(), |(at, _)| at);
    text[..end].to_owned()
}

/// Every machine on the way to a healthy end, and on the way back from a failed candidate.
fn machines(scenario: &Scenario) -> Vec<Machine> {
    let mut all = Vec::new();
    let mut forward = Run::of(scenario.clone());
    let mut back = None;
    while !forward.machine.state().is_terminal() {
        all.push(forward.machine.clone());
        if forward.machine.state() == (State::RollingOut { leg: Leg::Candidate }) {
            let mut run = Run::of(scenario.clone()).up_to(forward.machine.state());
            run.take(breaker());
            back = Some(run);
        }
        if matches!(forward.machine.state(), State::BindingVersion) && scenario.source.digest.is_none() {
            // A promotion without an image has no way forward.
            break;
        }
        forward.goes_well();
    }
    while let Some(run) = back.as_mut().filter(|run| !run.machine.state().is_terminal()) {
        all.push(run.machine.clone());
        run.goes_well();
    }
    all
}

#[test]
fn a_state_takes_what_can_come_of_its_effect_and_nothing_else() {
    let scenario = Scenario::staging().with_database().with_baseline().with_previous();
    let promotion = Scenario::production().with_previous();
    let all: Vec<(Machine, Scenario)> = [scenario, promotion]
        .into_iter()
        .flat_map(|scenario| machines(&scenario).into_iter().map(move |machine| (machine, scenario.clone())))
        .collect();
    let possible = |(machine, scenario): &(Machine, Scenario)| {
        let effect = machine.effect().unwrap().unwrap();
        outcomes(&effect, scenario)
    };
    let events: BTreeMap<String, Event> =
        all.iter().flat_map(possible).map(|event| (name(&event), event)).collect();
    assert!(events.len() > 30, "only {} kinds of events", events.len());
    for standing in &all {
        let own: Vec<String> = possible(standing).iter().map(name).collect();
        let state = standing.0.state();
        for (kind, event) in &events {
            let mut machine = standing.0.clone();
            let taken = machine.handle(event, machine.since(), &policy());
            assert_eq!(taken.is_ok(), own.contains(kind), "{kind} in {state}: {taken:?}");
            if let Err(refused) = taken {
                assert_eq!(machine, standing.0, "{kind} left something behind in {state}");
                assert_eq!((refused.state, refused.event), (state, event.name()));
            }
        }
    }
}

#[test]
fn an_end_takes_nothing() {
    let run = Run::of(Scenario::staging()).finished();
    let mut machine = run.machine.clone();
    for event in [fault(true), fault(false), breaker(), crate::run::cancel(), crate::run::unlock()] {
        assert!(machine.handle(&event, run.now, &run.policy).is_err(), "{event:?}");
        assert_eq!(machine, run.machine);
    }
}

#[test]
fn faults_are_named_after_what_waiting_can_do() {
    assert_ne!(fault(true).name(), fault(false).name());
}
