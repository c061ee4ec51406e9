//! `unlock`: breaks the glass, as a worker that handles nothing else. Who holds the lock is always shown before
//! anything is done; what may be done is the engine's to decide.

use std::sync::Arc;

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use serde::Serialize;

use super::args::UnlockArgs;
use super::error::CliError;
use super::output::Output;
use super::requester::requester;
use super::{Exit, place, transition, variable};
use crate::config::Config;
use crate::engine::{Engine, UnlockProgress, UnlockWish, Unlocked};
use crate::ports::{Lock, Recorded};
use crate::wiring;

/// What JSON says at the end.
#[derive(Serialize)]
#[serde(tag = "type", rename = "unlock")]
struct Report {
    application: ApplicationName,
    environment: EnvironmentName,
    outcome: Outcome,
    exit_code: u8,
    /// Who held the lock when it was looked at first.
    holder: Option<Holder>,
    /// The outcome in words.
    message: String,
}

#[derive(Debug, Clone, Serialize)]
struct Holder {
    id: DeploymentId,
    fencing_token: u64,
    actor: Option<String>,
    locked_since: Option<Timestamp>,
    state: String,
    /// The worker that wrote the newest history item, and when.
    worker: String,
    at: Timestamp,
    claimed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Unlocked,
    NotLocked,
    EndedMeanwhile,
    Refused,
}

/// `unlock <environment>`.
pub(super) async fn unlock(
    config: &Config,
    application: Option<&ApplicationName>,
    args: UnlockArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let application = place::application(config, application)?;
    application.has(&args.environment)?;
    let wish = UnlockWish {
        application: application.name,
        environment: args.environment,
        actor: requester(variable).actor,
        reason: args.reason,
        token: args.token,
        force: args.force,
    };
    let engine = Engine::new(Arc::new(wiring::world(config).await?));
    let mut holder = None;
    let mut listen = |progress: UnlockProgress<'_>| listen(&wish, progress, &mut holder, output);
    let unlocked = engine.unlock(&wish, &mut listen).await.map_err(CliError::NotUnlocked)?;
    output.end_progress();
    let (outcome, exit, message) = in_words(&wish, &unlocked);
    let UnlockWish { application, environment, .. } = wish;
    let report = Report { application, environment, outcome, exit_code: exit.code(), holder, message };
    if exit != Exit::Done {
        output.annotate_error(&report.message);
    }
    output.show(&report, || vec![report.message.clone()])?;
    Ok(exit)
}

fn listen(wish: &UnlockWish, progress: UnlockProgress<'_>, holder: &mut Option<Holder>, output: &mut Output) {
    match progress {
        UnlockProgress::Found(lock, newest) => {
            let found = of(lock, newest);
            output.note(&format!("{} of {}: {}", wish.environment, wish.application, standing(&found)));
            if found.claimed && wish.force {
                output.note("its claim is taken away; then as long as a claim lasts is waited for what was sent under it");
            } else if found.claimed {
                output.note("as long as a claim lasts it is watched whether a worker still works on it");
            }
            *holder = Some(found);
        }
        UnlockProgress::Watching(newest, left) => output.progress(&format!(
            "nothing has moved since item {} by {}; {} s left",
            newest.seq,
            newest.worker,
            left.as_secs()
        )),
        UnlockProgress::Ending(newest) => output.progress(&transition::line(newest)),
    }
}

fn of(lock: &Lock, newest: &Recorded) -> Holder {
    Holder {
        id: newest.id,
        fencing_token: lock.token,
        actor: lock.actor.clone(),
        locked_since: lock.since,
        state: newest.to.clone(),
        worker: newest.worker.clone(),
        at: newest.at,
        claimed: newest.claim.is_some(),
    }
}

fn standing(holder: &Holder) -> String {
    let by = holder.actor.as_deref().unwrap_or("somebody");
    let since = holder.locked_since.map(|at| format!(" since {at:.0}")).unwrap_or_default();
    let claimed = if holder.claimed { "claimed" } else { "not claimed" };
    format!(
        "locked by deployment {} of {by}{since}, token {}; in {}, {claimed}, last moved by {} at {:.0}",
        holder.id, holder.fencing_token, holder.state, holder.worker, holder.at
    )
}

fn in_words(wish: &UnlockWish, unlocked: &Unlocked) -> (Outcome, Exit, String) {
    let environment = &wish.environment;
    match unlocked {
        Unlocked::NotLocked => {
            (Outcome::NotLocked, Exit::Done, format!("{environment} is not locked: nothing was done"))
        }
        Unlocked::Refused(why) => (Outcome::Refused, Exit::Refused, format!("not unlocked: {why}")),
        Unlocked::Ended(last) => (
            Outcome::EndedMeanwhile,
            Exit::Done,
            format!(
                "{environment} is not locked any more: deployment {} ended in {} meanwhile",
                last.id, last.to
            ),
        ),
        Unlocked::Done(last) => {
            let ending = transition::machine(last).ok().and_then(|machine| machine.ending());
            let why = ending.map_or_else(|| last.detail.clone(), |ending| ending.summary);
            let message = format!(
                "{environment} is unlocked: deployment {} ended in {}: {why}; look at {environment} before deploying there again",
                last.id, last.to
            );
            (Outcome::Unlocked, Exit::Done, message)
        }
    }
}
