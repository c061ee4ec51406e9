//! The states whose effect changes something outside the table, found by running the core through everything
//! that can come of its effects: what `kills` has to cover. Must never be a list written by hand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lockstep_state_machines::table::{self, Scenario};
use lockstep_state_machines::{Effect, Event, FaultReport, Machine, State};

/// Their names, as stored.
pub(crate) fn states_that_act() -> BTreeSet<String> {
    let mut policy = table::policy();
    // The first fault in a row is one too many.
    policy.retry.budget = 0;
    let mut acts = BTreeMap::<State, bool>::new();
    for scenario in Scenario::all() {
        let mut seen = BTreeSet::new();
        let mut queue = vec![scenario.begin(&policy, Timestamp::UNIX_EPOCH)];
        while let Some(machine) = queue.pop() {
            let Some(effect) = machine.effect().unwrap() else { continue };
            if !seen.insert(steering(&machine)) {
                continue;
            }
            *acts.entry(machine.state()).or_default() |= effect.is_action();
            for event in table::outcomes(&effect, &scenario).into_iter().chain([lost_answer(&effect)]) {
                let mut next = machine.clone();
                next.handle(&event, Timestamp::UNIX_EPOCH, &policy).unwrap();
                queue.push(next);
            }
        }
    }
    let visited: BTreeSet<State> = acts.keys().copied().collect();
    let all: BTreeSet<State> = table::rows().into_iter().map(|row| row.from).collect();
    assert_eq!(visited, all, "the core's own table has other states");
    acts.into_iter().filter(|(_, acts)| *acts).map(|(state, _)| state.to_string()).collect()
}

/// What decides where a machine can still get to. Words and times do not.
fn steering(machine: &Machine) -> String {
    let deployment = machine.deployment();
    let failure = deployment.failure.as_ref().map(|failure| (failure.code, &failure.during));
    let failed_again = !deployment.unwind_failures.is_empty();
    let made = (deployment.references_touched, deployment.revisions.keys().collect::<Vec<_>>());
    format!("{:?}", (machine.state(), failure, failed_again, made))
}

/// A call of which nobody knows whether it took effect.
fn lost_answer(effect: &Effect) -> Event {
    Event::Fault(FaultReport {
        service: "a service".to_owned(),
        message: "the answer was lost".to_owned(),
        transient: true,
        wait: SignedDuration::ZERO,
        ambiguous: effect.is_action(),
    })
}
