//! Waiting for a verdict: reads the table once a second and tells what is new. It only ever reads, so it can
//! be ended and begun again at any time.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId};
use serde::Serialize;

use super::error::CliError;
use super::follow::{Follower, News};
use super::output::Output;
use super::verdict::Verdict;
use super::{Exit, report, transition};
use crate::config::Config;
use crate::ports::Store;
use crate::wiring;

/// How often the table is read.
const LOOK: Duration = Duration::from_secs(1);

/// What JSON says when the time is over.
#[derive(Serialize)]
#[serde(tag = "type", rename = "no-verdict")]
struct NoVerdict {
    id: DeploymentId,
    exit_code: u8,
    state: Option<String>,
    since: Option<Timestamp>,
    deadline: Option<Timestamp>,
    reason: String,
}

/// `watch`: follows a deployment that has a record.
pub(super) async fn watch(
    config: &Config,
    id: DeploymentId,
    timeout: Option<u32>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (store, _) = wiring::table_and_queue(config).await;
    if store.newest(id).await?.is_none() {
        return Err(CliError::Unknown { id, table: config.table.clone() });
    }
    verdict(store.as_ref(), Follower::new(id, None), id, timeout, output).await
}

/// `--wait`: follows the deployment of a request that was just sent.
pub(super) async fn sent(
    store: &dyn Store,
    request: DeployRequested,
    timeout: Option<u32>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let id = request.id;
    verdict(store, Follower::new(id, Some(request)), id, timeout, output).await
}

async fn verdict(
    store: &dyn Store,
    mut follower: Follower,
    id: DeploymentId,
    timeout: Option<u32>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let started = Instant::now();
    let patience = timeout.map(|seconds| Duration::from_secs(seconds.into()));
    let mut unreadable = false;
    loop {
        match store.history(id, follower.seen()).await {
            Ok(items) => {
                unreadable = false;
                for news in follower.take(items, started.elapsed())? {
                    tell(&news, output)?;
                }
                if let Some(verdict) = follower.verdict()? {
                    return conclude(&verdict, output);
                }
            }
            Err(fault) if fault.is_transient() => {
                if !unreadable {
                    output.note(&format!("the table cannot be read: {fault}; trying again until it can"));
                }
                unreadable = true;
            }
            Err(fault) => return Err(fault.into()),
        }
        output.progress(&follower.standing());
        let left = patience.map(|patience| patience.saturating_sub(started.elapsed()));
        if left == Some(Duration::ZERO) {
            return give_up(id, &follower, started.elapsed(), output);
        }
        tokio::time::sleep(left.map_or(LOOK, |left| left.min(LOOK))).await;
    }
}

fn tell(news: &News, output: &Output) -> Result<(), CliError> {
    match news {
        News::Transition(item) => output.show(&transition::of(item), || vec![transition::line(item)])?,
        // The transition's own line has it in words; here it becomes visible on the run's page.
        News::Warning(text) => output.annotate_warning(text),
        News::Unclaimed(text) => {
            output.note(text);
            output.annotate_warning(text);
        }
    }
    Ok(())
}

fn conclude(verdict: &Verdict, output: &Output) -> Result<Exit, CliError> {
    output.end_progress();
    if verdict.exit != Exit::Done {
        output.annotate_error(&verdict.reason);
    }
    output.show(verdict, || report::lines(verdict))?;
    Ok(verdict.exit)
}

fn give_up(
    id: DeploymentId,
    follower: &Follower,
    waited: Duration,
    output: &Output,
) -> Result<Exit, CliError> {
    output.end_progress();
    let reason = format!(
        "no verdict on deployment {id} after {} s: {}; it goes on, `lockstep watch {id}` follows it",
        waited.as_secs(),
        follower.standing()
    );
    output.annotate_error(&reason);
    let machine = follower.machine();
    let none = NoVerdict {
        id,
        exit_code: Exit::NoVerdict.code(),
        state: machine.map(|machine| machine.state().to_string()),
        since: machine.map(lockstep_state_machines::Machine::since),
        deadline: machine.and_then(lockstep_state_machines::Machine::deadline),
        reason,
    };
    output.show(&none, || vec![none.reason.clone()])?;
    Ok(Exit::NoVerdict)
}
