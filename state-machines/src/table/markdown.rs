//! `docs/state-machine.md`, as text. Must never add a fact that is not in the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::explore::{Row, When, rows};
use super::mermaid;
use super::samples::policy;
use crate::{Phase, State};

const TOP: &str =
    "<!-- Generated from lockstep_state_machines::table. To renew it after a change of the machine:
UPDATE_GENERATED=1 cargo test -p lockstep-state-machines --test table -->

# The state machine

Found by running the machine through every combination of staging and production, with and without
database, baseline, release to go back to, known image and image that runs already. A deployment begins in
the machine only by taking its environment's lock; a request that finds it held is recorded as rejected.

In the picture, an arrow between two phases says which events lead there. Every failure, fault that cannot
be retried, passed deadline and wish to cancel is drawn as one arrow for each phase; the table has them one by
one. Within `rolling-back`, a step that fails is noted and the rest is still done; those arrows are in the
table only.
";

const TABLE: &str = "
## All transitions

`deadline` is a look after the state's deadline that decided nothing. `(cancelled)` means that a wish to
cancel was recorded while the step was under way. `(retries spent)` means one more transient fault in a row
than the policy retries. `stays` is the same state again, recorded only if a fact changed.
";

/// The whole document.
#[must_use]
pub fn markdown() -> String {
    let rows = rows();
    let mut text = format!("{TOP}\n```mermaid\n{}```\n{TABLE}", mermaid::of(&rows));
    let phases: BTreeSet<Phase> = rows.iter().map(|row| row.from.phase()).collect();
    for phase in phases {
        phase_section(&mut text, phase, &rows);
    }
    let ends: BTreeSet<State> = rows.iter().map(|row| row.to).filter(|to| to.is_terminal()).collect();
    let ends: Vec<String> = ends.iter().map(|end| format!("`{end}`")).collect();
    line(&mut text, &format!("\n## Ends\n\nNothing leads out of {}.", ends.join(", ")));
    text
}

fn phase_section(text: &mut String, phase: Phase, rows: &[Row]) {
    line(text, &format!("\n### {}\n\n| step | event | leads to | where |\n|---|---|---|---|", phase.name()));
    // Events that lead from one state to another share a line.
    let mut lines: BTreeMap<(State, bool, State, &str), Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.from.phase() == phase) {
        lines.entry((row.from, row.failing, row.to, place(row))).or_default().push(event(row));
    }
    for ((from, _, to, place), events) in lines {
        let to = if from == to { "stays".to_owned() } else { to.to_string() };
        let step = from.step();
        line(text, &format!("| {step} | {} | {to} | {place} |", events.join(", ")));
    }
    let states: BTreeSet<State> = rows.iter().map(|row| row.from).filter(|s| s.phase() == phase).collect();
    let limits: Vec<String> = states.iter().map(|s| format!("{} {}", s.step(), limit(*s))).collect();
    line(text, &format!("\nDeadlines: {}.", limits.join(", ")));
}

fn event(row: &Row) -> String {
    match row.when {
        When::Always => row.event.to_owned(),
        When::CancelPending => format!("{} (cancelled)", row.event),
        When::RetriesSpent => format!("{} (retries spent)", row.event),
        When::InFlight => format!("{} (last call in flight)", row.event),
        When::RetriesSpentInFlight => format!("{} (retries spent, last call in flight)", row.event),
    }
}

fn place(row: &Row) -> &'static str {
    match (row.staging, row.production) {
        (true, true) => "both",
        (true, false) => "staging",
        (false, true) => "production",
        (false, false) => "nowhere",
    }
}

/// Which of the policy's deadlines a state has: the sample policy has five different ones.
fn limit(state: State) -> &'static str {
    let (policy, limit) = (policy(), policy().deadline(state));
    let deadlines = &policy.deadlines;
    let named = [
        ("`checks`", deadlines.checks),
        ("`build`", deadlines.build),
        ("`rollout`", deadlines.rollout),
        ("`readiness`", deadlines.readiness),
        ("`action`", deadlines.action),
    ];
    named.iter().find(|(_, length)| *length == limit).map_or("none", |(name, _)| name)
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}
