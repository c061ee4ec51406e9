//! `history`: every transition of one deployment in order, and its verdict or where it stands. Reads only.

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::output::Output;
use super::request::in_words;
use super::standing::standing;
use super::table::Table;
use super::transition::{self, Transition};
use super::verdict::Verdict;
use super::{Exit, report};
use crate::config::Config;
use crate::ports::Recorded;
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
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (store, _) = wiring::table_and_queue(config).await;
    let items = store.history(id, 0).await?;
    let newest = items.last().ok_or_else(|| CliError::Unknown { id, table: config.table.clone() })?;
    let machine = transition::machine(newest)?;
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
    output.show(&document, || lines(&items, &machine, verdict.as_ref()))?;
    Ok(Exit::Done)
}

fn lines(items: &[Recorded], machine: &Machine, verdict: Option<&Verdict>) -> Vec<String> {
    let request = &machine.deployment().request;
    let run = match (request.requester.workflow_run_id, request.requester.workflow_run_attempt) {
        (Some(run), Some(attempt)) => format!(" (workflow run {run}, attempt {attempt})"),
        (Some(run), None) => format!(" (workflow run {run})"),
        (None, _) => String::new(),
    };
    let mut lines = vec![format!(
        "{}: {} to {} of {}, asked for by {}{run} at {:.0}",
        request.id,
        in_words(&request.target),
        request.environment,
        request.application,
        request.requester.actor,
        request.requested_at
    )];
    for (what, reason) in [
        ("without the baseline", &request.overrides.skip_baseline),
        ("without a healthy record in staging", &request.overrides.allow_unvalidated),
        ("despite a freeze", &request.overrides.despite_freeze),
    ] {
        lines.extend(reason.iter().map(|reason| format!("  {what}, because: {reason}")));
    }
    let mut table = Table::new(["#", "AT", "FROM", "TO", "EVENT", "WORKER", "DETAIL"]);
    for item in items {
        table.row([
            item.seq.to_string(),
            format!("{:.0}", item.at),
            item.from.clone(),
            item.to.clone(),
            item.event.clone(),
            item.worker.clone(),
            item.detail.clone(),
        ]);
    }
    lines.extend(table.lines(2));
    match verdict {
        Some(verdict) => lines.extend(report::lines(verdict)),
        None => lines.push(format!("under way: {}", standing(machine))),
    }
    lines
}
