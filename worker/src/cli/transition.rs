//! One history item as it is shown, and the state machine that it holds. Must never show the claim or the
//! write id: they are the workers' own.

use jiff::Timestamp;
use lockstep_events::DeploymentId;
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use crate::ports::Recorded;

/// A transition in JSON.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "transition")]
pub(super) struct Transition<'a> {
    id: DeploymentId,
    seq: u64,
    at: Timestamp,
    from: &'a str,
    to: &'a str,
    event: &'a str,
    detail: &'a str,
    worker: &'a str,
}

/// An item's public part.
pub(super) fn of(item: &Recorded) -> Transition<'_> {
    Transition {
        id: item.id,
        seq: item.seq,
        at: item.at,
        from: &item.from,
        to: &item.to,
        event: &item.event,
        detail: &item.detail,
        worker: &item.worker,
    }
}

/// An item on one line.
pub(super) fn line(item: &Recorded) -> String {
    format!("{:.0}  {} → {}  {}", item.at, item.from, item.to, item.detail).trim_end().to_owned()
}

/// The state machine as of this item.
pub(super) fn machine(item: &Recorded) -> Result<Machine, CliError> {
    Machine::restore(&item.snapshot).map_err(|source| CliError::Snapshot { id: item.id, source })
}
