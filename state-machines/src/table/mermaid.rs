//! The picture: phases as composite states with their steps in order. Mermaid draws no arrow between steps
//! of two composites, so those go from phase to phase; must never leave out a phase that can be reached.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::explore::{Row, rows};
use super::samples::{Scenario, policy, refusal};
use crate::{Machine, Phase, RefusalCode, State};

/// A `stateDiagram-v2` of the whole machine.
#[must_use]
pub fn mermaid() -> String {
    of(&rows())
}

pub(super) fn of(rows: &[Row]) -> String {
    let mut text = "stateDiagram-v2\n".to_owned();
    for (phase, label) in beginnings() {
        line(&mut text, &format!("    [*] --> {} : {label}", phase_id(phase)));
    }
    let phases: BTreeSet<Phase> = rows.iter().map(|row| row.from.phase()).collect();
    for phase in &phases {
        composite(&mut text, *phase, rows);
    }
    for ((from, to), labels) in between_phases(rows) {
        let labels: Vec<&str> = labels.into_iter().collect();
        line(&mut text, &format!("    {} --> {} : {}", phase_id(from), phase_id(to), labels.join(", ")));
    }
    let ends: BTreeSet<Phase> =
        rows.iter().filter(|row| row.to.is_terminal()).map(|row| row.to.phase()).collect();
    for end in ends {
        line(&mut text, &format!("    {} --> [*]", phase_id(end)));
    }
    text
}

/// How a deployment comes into being.
fn beginnings() -> [(Phase, &'static str); 2] {
    let (scenario, now) = (Scenario::staging(), jiff::Timestamp::UNIX_EPOCH);
    let begun = scenario.begin(&policy(), now);
    let rejected = Machine::rejected(scenario.request(), scenario.plan, refusal(RefusalCode::LockHeld), now);
    [(begun.state().phase(), "lock taken"), (rejected.state().phase(), "lock held by another")]
}

fn composite(text: &mut String, phase: Phase, rows: &[Row]) {
    let inner = |state: State| state.phase() == phase;
    line(text, &format!("    state \"{}\" as {} {{", phase.name(), phase_id(phase)));
    let steps: BTreeSet<State> = rows.iter().map(|row| row.from).filter(|state| inner(*state)).collect();
    for step in &steps {
        line(text, &format!("        state \"{}\" as {}", step.step(), state_id(*step)));
    }
    let entries: BTreeSet<State> =
        rows.iter().filter(|row| inner(row.to) && !inner(row.from)).map(|row| row.to).collect();
    let first = steps.first().filter(|_| entries.is_empty());
    for entry in entries.iter().chain(first) {
        line(text, &format!("        [*] --> {}", state_id(*entry)));
    }
    for ((from, to), events) in inside(rows, phase) {
        let events: Vec<&str> = events.into_iter().collect();
        line(text, &format!("        {} --> {} : {}", state_id(from), state_id(to), events.join(", ")));
    }
    line(text, "    }");
}

/// The arrows within a phase, without those that stay and those of failures.
fn inside(rows: &[Row], phase: Phase) -> BTreeMap<(State, State), BTreeSet<&'static str>> {
    let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let drawn = |row: &&Row| row.from != row.to && !row.failing && row.from.phase() == phase;
    for row in rows.iter().filter(drawn).filter(|row| row.to.phase() == phase) {
        arrows.entry((row.from, row.to)).or_default().insert(row.event);
    }
    arrows
}

/// The arrows between phases, with all failures of a phase as one.
fn between_phases(rows: &[Row]) -> BTreeMap<(Phase, Phase), BTreeSet<&'static str>> {
    let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.from.phase() != row.to.phase()) {
        let label = if row.failing { "failure or cancel" } else { row.event };
        arrows.entry((row.from.phase(), row.to.phase())).or_default().insert(label);
    }
    arrows
}

fn phase_id(phase: Phase) -> String {
    phase.name().replace('-', "_")
}

fn state_id(state: State) -> String {
    state.to_string().replace(['-', '/'], "_")
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
