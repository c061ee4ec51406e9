//! `history`: every transition of one deployment in order, and its verdict or where it stands; or the same as a
//! diagram. Reads only.

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::output::Output;
use super::standing::standing;
use super::table::Table;
use super::transition::{self, Transition};
use super::verdict::Verdict;
use super::{Exit, mermaid, report};
use crate::config::Config;
use crate::ports::Recorded;
use crate::timeline::{Line, Timeline, Tone, span, target};
use crate::wiring;

#[derive(Serialize)]
#[serde(tag = "type", rename = "history")]
struct History<'a> {
    id: DeploymentId,
    request: &'a DeployRequested,
    state: String,
    since: Timestamp,
    deadline: Option<Timestamp>,
    transitions: Vec<Transition<'a>>,
    verdict: Option<&'a Verdict>,
}

/// `history <id>`.
pub(super) async fn history(
    config: &Config,
    id: DeploymentId,
    as_diagram: bool,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (store, _) = wiring::table_and_queue(config).await;
    let items = store.history(id, 0).await?;
    let newest = items.last().ok_or_else(|| CliError::Unknown { id, table: config.table.clone() })?;
    let machine = transition::machine(newest)?;
    if as_diagram {
        let diagram = mermaid::lines(&Timeline::of(&items, &machine), Timestamp::now());
        output.tell(&diagram.into_iter().map(Line::from).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let verdict = Verdict::of(newest, &machine)?;
    let document = History {
        id,
        request: &machine.deployment().request,
        state: machine.state().to_string(),
        since: machine.since(),
        deadline: machine.deadline(),
        transitions: items.iter().map(transition::of).collect(),
        verdict: verdict.as_ref(),
    };
    output.show(&document, || output.folded(lines(&items, &machine, verdict.as_ref())))?;
    Ok(Exit::Done)
}

fn lines(items: &[Recorded], machine: &Machine, verdict: Option<&Verdict>) -> Vec<Line> {
    let request = &machine.deployment().request;
    let run = match (request.requester.workflow_run_id, request.requester.workflow_run_attempt) {
        (Some(run), Some(attempt)) => format!(" (workflow run {run}, attempt {attempt})"),
        (Some(run), None) => format!(" (workflow run {run})"),
        (None, _) => String::new(),
    };
    let mut lines: Vec<Line> = vec![
        format!(
            "{}: {} to {} of {}, asked for by {}{run} at {:.0}",
            request.id,
            target(&request.target),
            request.environment,
            request.application,
            request.requester.actor,
            request.requested_at
        )
        .into(),
    ];
    for (what, reason) in [
        ("without the baseline", &request.overrides.skip_baseline),
        ("without a healthy record in staging", &request.overrides.allow_unvalidated),
        ("despite a freeze", &request.overrides.despite_freeze),
    ] {
        lines.extend(reason.iter().map(|reason| format!("  {what}, because: {reason}").into()));
    }
    lines.extend(transitions(items));
    match verdict {
        Some(verdict) => lines.extend(report::toned(verdict)),
        None => lines.push(format!("under way: {}", standing(machine)).into()),
    }
    lines
}

/// A row for each item and below it what it says: that is often longer than a line. What came before is the row above,
/// so a row names only the state that it leads to.
fn transitions(items: &[Recorded]) -> Vec<Line> {
    let mut table = Table::new(["#", "AT", "AFTER", "STATE", "EVENT", "WORKER"]);
    for (number, item) in items.iter().enumerate() {
        let before = number.checked_sub(1).and_then(|before| items.get(before));
        let after = before.map(|before| span(item.at.duration_since(before.at))).unwrap_or_default();
        let stays = if item.from == item.to { "  (stays)" } else { "" };
        table.row([
            item.seq.to_string(),
            format!("{:.0}", item.at),
            after,
            format!("{}{stays}", item.to),
            item.event.clone(),
            item.worker.clone(),
        ]);
        if item.terminal {
            table.tint(3, report::tone(&item.to));
        }
    }
    let mut rows = table.toned(2).into_iter();
    let mut lines: Vec<Line> = rows.next().into_iter().collect();
    for (row, item) in rows.zip(items) {
        lines.push(row);
        if !item.detail.is_empty() {
            lines.push(Line::plain("       ").and(Tone::Quiet, item.detail.clone()));
        }
    }
    lines
}
