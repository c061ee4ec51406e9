//! Stored snapshots, changed by a hand, a bug or another version: refused in words, or restored, and then the
//! machine answers every question about itself and goes on without a panic.

use fuzz_targets::{Text, check_error};
use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::policy;
use lockstep_state_machines::{Event, FaultReport, Machine, Step};

use crate::target;

#[test]
fn snapshots() {
    target!("snapshots", "snapshots", |text: &Text| {
        let text = text.lossy();
        let machine = match Machine::restore(&text) {
            Ok(machine) => machine,
            Err(error) => return check_error(&error.to_string()),
        };
        let stored = machine.snapshot().unwrap();
        assert_eq!(Machine::restore(&stored).unwrap(), machine, "stored again it is another machine");
        match machine.effect() {
            Ok(effect) => assert_eq!(effect.is_none(), machine.state().is_terminal(), "{}", machine.state()),
            Err(missing) => {
                let words = missing.to_string();
                check_error(&words);
                assert!(words.contains(&machine.state().to_string()), "{words} does not name the state");
            }
        }
        if !machine.state().is_terminal() {
            assert_eq!(machine.ending(), None, "an end before the end");
        }
        goes_on(&machine);
    });
}

/// Events that can come in any state, at the end of time too.
fn goes_on(machine: &Machine) {
    let fault = |transient, wait| {
        let (service, message) = ("Amazon ECS".to_owned(), "throttled".to_owned());
        Event::Fault(FaultReport { service, message, transient, ambiguous: transient, wait })
    };
    let cancel = Event::Cancel { actor: "ben".to_owned(), sender: None, reason: None };
    let events = [
        cancel,
        fault(true, SignedDuration::from_secs(2)),
        fault(true, SignedDuration::MAX),
        fault(false, SignedDuration::ZERO),
    ];
    for now in [Timestamp::MIN, machine.since(), Timestamp::MAX] {
        for event in &events {
            let mut next = machine.clone();
            match next.handle(event, now, &policy()) {
                Ok(Step::Moved(transition)) => {
                    assert!(!machine.state().is_terminal(), "an end was left: {transition:?}");
                    assert_eq!(transition.to, next.state());
                    let stored = next.snapshot().unwrap();
                    assert_eq!(Machine::restore(&stored).unwrap(), next);
                }
                Ok(Step::Stay { .. }) => assert_eq!(next, *machine, "something changed that is not recorded"),
                Err(unexpected) => {
                    check_error(&unexpected.to_string());
                    assert_eq!(next, *machine, "a refused event left something behind");
                }
            }
        }
    }
}
