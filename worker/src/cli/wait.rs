//! Waiting for a verdict: reads the table once a second and tells what is new. It only ever reads, so it can
//! be ended and begun again at any time; what interrupts mean is said in `withdraw`.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::follow::{Follower, News};
use super::interrupts::Interrupts;
use super::output::Output;
use super::verdict::Verdict;
use super::withdraw::{By, Interrupted, Next};
use super::{Exit, report, transition};
use crate::config::Config;
use crate::ports::{Answer, Queue, Recorded, Store};
use crate::wiring;

/// How often the table is read.
const LOOK: Duration = Duration::from_secs(1);

/// What JSON says when the wait ends before the deployment.
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
    others(store.as_ref(), id, timeout, output).await
}

/// Follows a deployment that was not asked for by this command: an interrupt only ends the wait.
pub(super) async fn others(
    store: &dyn Store,
    id: DeploymentId,
    timeout: Option<u32>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (interrupts, interrupted) = (Interrupts::listen()?, Interrupted::Others);
    Wait::new(store, Follower::new(id, None), id, timeout).verdict(interrupts, interrupted, output).await
}

/// `--wait`: follows the deployment of a request that was just sent to this queue. `interrupts` has listened
/// since before that.
pub(super) async fn sent(
    (store, queue): (&dyn Store, &dyn Queue),
    request: DeployRequested,
    timeout: Option<u32>,
    interrupts: Interrupts,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let id = request.id;
    let by = if output.is_in_actions() { By::Runner } else { By::Person };
    let interrupted = Interrupted::Own { heard: 0, by, queue };
    Wait::new(store, Follower::new(id, Some(request)), id, timeout)
        .verdict(interrupts, interrupted, output)
        .await
}

struct Wait<'a> {
    store: &'a dyn Store,
    follower: Follower,
    id: DeploymentId,
    started: Instant,
    patience: Option<Duration>,
    unreadable: bool,
}

impl<'a> Wait<'a> {
    fn new(store: &'a dyn Store, follower: Follower, id: DeploymentId, timeout: Option<u32>) -> Self {
        let patience = timeout.map(|seconds| Duration::from_secs(seconds.into()));
        Self { store, follower, id, started: Instant::now(), patience, unreadable: false }
    }

    async fn verdict(
        mut self,
        mut interrupts: Interrupts,
        mut interrupted: Interrupted<'_>,
        output: &mut Output,
    ) -> Result<Exit, CliError> {
        loop {
            let look = self.store.history(self.id, self.follower.seen());
            let Some(answer) = interrupts.unless(look).await else {
                if interrupted.again(self.id, &self.follower, output).await == Next::Stop {
                    return self.give_up(output);
                }
                continue;
            };
            if let Some(verdict) = self.take(answer, output)? {
                return conclude(&verdict, output);
            }
            output.progress(&self.follower.standing());
            let left = self.patience.map(|patience| patience.saturating_sub(self.started.elapsed()));
            if left == Some(Duration::ZERO) {
                return self.give_up(output);
            }
            let pause = tokio::time::sleep(left.map_or(LOOK, |left| left.min(LOOK)));
            if interrupts.unless(pause).await.is_none()
                && interrupted.again(self.id, &self.follower, output).await == Next::Stop
            {
                return self.give_up(output);
            }
        }
    }

    /// Takes a look's answer in and tells what is new; the verdict, once there is one.
    fn take(&mut self, answer: Answer<Vec<Recorded>>, output: &Output) -> Result<Option<Verdict>, CliError> {
        match answer {
            Ok(items) => {
                self.unreadable = false;
                for news in self.follower.take(items, self.started.elapsed())? {
                    tell(&news, output)?;
                }
                self.follower.verdict()
            }
            Err(fault) if fault.is_transient() => {
                if !self.unreadable {
                    output.note(&format!("the table cannot be read: {fault}; trying again until it can"));
                }
                self.unreadable = true;
                Ok(None)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn give_up(&self, output: &Output) -> Result<Exit, CliError> {
        output.end_progress();
        let id = self.id;
        let reason = format!(
            "no verdict on deployment {id} after {} s: {}; it goes on, `lockstep watch {id}` follows it",
            self.started.elapsed().as_secs(),
            self.follower.standing()
        );
        output.annotate_error(&reason);
        let machine = self.follower.machine();
        let none = NoVerdict {
            id,
            exit_code: Exit::NoVerdict.code(),
            state: machine.map(|machine| machine.state().to_string()),
            since: machine.map(Machine::since),
            deadline: machine.and_then(Machine::deadline),
            reason,
        };
        output.show(&none, || vec![none.reason.clone()])?;
        Ok(Exit::NoVerdict)
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
