//! `cancel`: asks for a deployment to be stopped. A wish: whether it comes in time is decided by the table, when
//! a worker takes it up. Must never call something cancelled that has not ended so.

use std::time::Duration;

use lockstep_events::{CancelRequested, DeploymentId, Message, Reason, encode};
use serde::Serialize;

use super::args::CancelArgs;
use super::error::CliError;
use super::output::Output;
use super::requester::requester;
use super::standing::standing;
use super::{Exit, transition, variable, wait};
use crate::config::Config;
use crate::ports::{Queue, Recorded};
use crate::wiring;

/// What JSON says of a wish to cancel.
#[derive(Serialize)]
#[serde(tag = "type", rename = "cancellation")]
struct Cancellation<'a> {
    id: DeploymentId,
    outcome: Outcome,
    /// Where the deployment stood; none without a record.
    state: Option<&'a str>,
    /// The outcome in words.
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Sent,
    TooLate,
}

/// `cancel <id>`.
pub(super) async fn cancel(config: &Config, args: CancelArgs, output: &mut Output) -> Result<Exit, CliError> {
    let id = args.id;
    let (store, queue) = wiring::table_and_queue(config).await;
    let newest = store.newest(id).await?;
    match &newest {
        None if !args.force => {
            return Err(CliError::NothingToCancel { id, table: config.table.clone() });
        }
        Some(newest) if newest.terminal => {
            too_late(newest, output)?;
            return Ok(Exit::TooLate);
        }
        Some(_) | None => {}
    }
    send(queue.as_ref(), id, args.reason).await?;
    let stands = newest.as_ref().map(|newest| {
        let words = transition::machine(newest).map_or_else(|_| newest.to.clone(), |m| standing(&m));
        (newest.to.clone(), words)
    });
    tell_sent(id, stands, output)?;
    if !args.wait {
        return Ok(Exit::Done);
    }
    let exit = wait::others(config, store.as_ref(), id, args.wait_timeout, output).await?;
    // Whoever wanted it stopped did not get what he asked for.
    Ok(if exit == Exit::Done { Exit::TooLate } else { exit })
}

/// Sends the wish.
pub(super) async fn send(
    queue: &dyn Queue,
    id: DeploymentId,
    reason: Option<Reason>,
) -> Result<(), CliError> {
    let wish = CancelRequested { id, requester: requester(variable), reason };
    let body = encode(&Message::CancelRequested(wish));
    queue.send(&body, Duration::ZERO).await.map_err(|fault| CliError::CancelNotSent { id, fault })
}

/// Says that the wish was sent; `stands`: the deployment's state, and where it stands in words.
pub(super) fn tell_sent(
    id: DeploymentId,
    stands: Option<(String, String)>,
    output: &Output,
) -> Result<(), CliError> {
    let (state, words) = stands.unzip();
    let words = words.unwrap_or_else(|| "waiting for a worker to take it up".to_owned());
    let message = format!(
        "asked for deployment {id} to be cancelled: {words}; `lockstep watch {id}` shows what comes of it"
    );
    let sent = Cancellation { id, outcome: Outcome::Sent, state: state.as_deref(), message };
    output.show(&sent, || vec![sent.message.clone()])?;
    Ok(())
}

fn too_late(newest: &Recorded, output: &Output) -> Result<(), CliError> {
    let ending = transition::machine(newest).ok().and_then(|machine| machine.ending());
    let why = ending.map_or_else(|| newest.detail.clone(), |ending| ending.summary);
    let message = format!(
        "too late: deployment {} ended in {} at {:.0} and nothing was sent: {why}",
        newest.id, newest.to, newest.at
    );
    let late = Cancellation { id: newest.id, outcome: Outcome::TooLate, state: Some(&newest.to), message };
    output.annotate_error(&late.message);
    output.show(&late, || vec![late.message.clone()])?;
    Ok(())
}
