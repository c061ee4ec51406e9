//! Waiting for a verdict: reads the table once a second and tells what is new; on a terminal as a picture (`live`), else
//! a line for each transition. It only ever reads, so it can be ended and begun again at any time; what interrupts mean is
//! said in `withdraw`.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId};
use lockstep_state_machines::Machine;
use serde::Serialize;

use super::error::CliError;
use super::follow::{Follower, News};
use super::interrupts::Interrupts;
use super::live::Live;
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
    others(config, store.as_ref(), id, timeout, output).await
}

/// Follows a deployment that was not asked for by this command: an interrupt only ends the wait.
pub(super) async fn others(
    config: &Config,
    store: &dyn Store,
    id: DeploymentId,
    timeout: Option<u32>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (interrupts, interrupted) = (Interrupts::listen()?, Interrupted::Others);
    let wait = Wait::new(store, Follower::new(id, None), id, timeout);
    wait.drawn(config, output).verdict(interrupts, interrupted, output).await
}

/// `--wait`: follows the deployment of a request that was just sent to this queue. `interrupts` has listened
/// since before that.
pub(super) async fn sent(
    config: &Config,
    (store, queue): (&dyn Store, &dyn Queue),
    request: DeployRequested,
    timeout: Option<u32>,
    interrupts: Interrupts,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let id = request.id;
    let by = if output.is_in_actions() { By::Runner } else { By::Person };
    let interrupted = Interrupted::Own { heard: 0, by, queue };
    let wait = Wait::new(store, Follower::new(id, Some(request)), id, timeout);
    wait.drawn(config, output).verdict(interrupts, interrupted, output).await
}

struct Wait<'a> {
    store: &'a dyn Store,
    follower: Follower,
    id: DeploymentId,
    started: Instant,
    patience: Option<Duration>,
    unreadable: bool,
    /// Where somebody sits before a terminal.
    live: Option<Live<'a>>,
}

impl<'a> Wait<'a> {
    fn new(store: &'a dyn Store, follower: Follower, id: DeploymentId, timeout: Option<u32>) -> Self {
        let patience = timeout.map(|seconds| Duration::from_secs(seconds.into()));
        Self { store, follower, id, started: Instant::now(), patience, unreadable: false, live: None }
    }

    /// As a picture, where that can be drawn.
    fn drawn(self, config: &'a Config, output: &Output) -> Self {
        Self { live: output.is_live().then(|| Live::new(config)), ..self }
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
            match &self.live {
                Some(live) => output.draw(live.lines(self.follower.machine(), Timestamp::now())),
                None => output.progress(&self.follower.standing()),
            }
            let left = self.patience.map(|patience| patience.saturating_sub(self.started.elapsed()));
            if left == Some(Duration::ZERO) {
                return self.give_up(output);
            }
            let rest = tokio::time::sleep(left.map_or(LOOK, |left| left.min(LOOK)));
            let pause = async {
                if let Some(live) = &mut self.live {
                    live.look(self.follower.machine()).await;
                }
                rest.await;
            };
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
                if let Some(live) = &mut self.live {
                    live.take(&items);
                }
                for news in self.follower.take(items, self.started.elapsed())? {
                    match (news, &self.live) {
                        (News::Transition(_), Some(_)) => {}
                        (news, _) => tell(&news, output)?,
                    }
                }
                if let (Some(live), Some(machine)) = (&mut self.live, self.follower.machine()) {
                    let news = live.news(machine);
                    output.tell(&output.folded(news))?;
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
        output.show(&none, || output.folded(vec![none.reason.clone().into()]))?;
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
    output.show(verdict, || output.folded(report::toned(verdict)))?;
    Ok(verdict.exit)
}
