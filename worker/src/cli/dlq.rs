//! `dlq`: shows what could not be handled, and sends it to the queue again once the cause is mended. Must never
//! delete a message that has not been sent before, nor leave one hidden for longer than it looks at it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use lockstep_events::{DeploymentId, Message};
use serde::Serialize;

use super::Exit;
use super::args::RedriveArgs;
use super::error::CliError;
use super::output::Output;
use super::table::Table;
use crate::config::Config;
use crate::ports::{DeadLetter, DeadLetters, Queue};
use crate::wiring;

/// How long a message is hidden while the others are being received. Should this process be killed, it is
/// visible again after this.
const HIDDEN: Duration = Duration::from_secs(120);

/// What `dlq list --json` prints.
#[derive(Serialize)]
#[serde(tag = "type", rename = "dead-letters")]
struct Listing<'a> {
    messages: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    original_id: Option<&'a str>,
    sent_at: Option<Timestamp>,
    received: Option<u32>,
    /// Why it is there.
    reason: String,
    kind: Option<&'static str>,
    deployment: Option<DeploymentId>,
    /// Why this build cannot understand it, if it cannot.
    problem: Option<String>,
    body: &'a str,
}

/// What `dlq redrive --json` prints for each message.
#[derive(Serialize)]
#[serde(tag = "type", rename = "redrive")]
struct Redriven<'a> {
    id: &'a str,
    outcome: Outcome,
    kind: Option<&'static str>,
    deployment: Option<DeploymentId>,
    problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    /// In the queue again, and gone from the dead-letter queue.
    Sent,
    /// In the queue again, but a copy is left in the dead-letter queue.
    Copied,
    /// Left where it was.
    Kept,
}

/// `dlq list`.
pub(super) async fn list(config: &Config, output: &mut Output) -> Result<Exit, CliError> {
    let (_, dead) = wiring::queue_and_dead_letters(config).await;
    let letters = take_all(dead.as_ref(), output).await?;
    give_back(dead.as_ref(), &letters, output).await;
    let listing = Listing { messages: letters.iter().map(shown).collect() };
    output.show(&listing, || lines(&listing))?;
    Ok(Exit::Done)
}

/// `dlq redrive`.
pub(super) async fn redrive(
    config: &Config,
    args: &RedriveArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (queue, dead) = wiring::queue_and_dead_letters(config).await;
    let letters = take_all(dead.as_ref(), output).await?;
    let unknown = args.ids.iter().find(|id| !letters.iter().any(|letter| is_named(letter, id)));
    if let Some(unknown) = unknown {
        give_back(dead.as_ref(), &letters, output).await;
        return Err(CliError::Usage(format!(
            "there is no message {unknown} in the dead-letter queue: `lockstep dlq list` shows what is; nothing was sent"
        )));
    }
    let (wanted, mut rest): (Vec<_>, Vec<_>) =
        letters.into_iter().partition(|letter| args.all || args.ids.iter().any(|id| is_named(letter, id)));
    if wanted.is_empty() {
        output.note("the dead-letter queue is empty");
    }
    let mut exit = Exit::Done;
    let mut wanted = wanted.into_iter();
    while let Some(letter) = wanted.next() {
        let (outcome, problem) = match send_again(queue.as_ref(), dead.as_ref(), &letter, args.force).await {
            Ok(done) => done,
            Err(fault) => {
                rest.extend([letter].into_iter().chain(wanted));
                give_back(dead.as_ref(), &rest, output).await;
                return Err(fault);
            }
        };
        exit = match (outcome, exit) {
            (Outcome::Sent, exit) | (Outcome::Kept, exit @ Exit::Fault) => exit,
            (Outcome::Kept, _) => Exit::Refused,
            (Outcome::Copied, _) => Exit::Fault,
        };
        let (kind, deployment) = about(&letter).unwrap_or_default();
        let id = letter.delivery.message_id.as_str();
        let redriven = Redriven { id, outcome, kind, deployment, problem };
        output.show(&redriven, || vec![line(&redriven)])?;
        if outcome == Outcome::Kept {
            rest.push(letter);
        }
    }
    give_back(dead.as_ref(), &rest, output).await;
    Ok(exit)
}

/// Sends it first and deletes it then: a crash in between leaves two copies and never none, and whatever is
/// handled twice is handled once.
async fn send_again(
    queue: &dyn Queue,
    dead: &dyn DeadLetters,
    letter: &DeadLetter,
    force: bool,
) -> Result<(Outcome, Option<String>), CliError> {
    if let (Err(problem), false) = (about(letter), force) {
        return Ok((Outcome::Kept, Some(problem)));
    }
    queue.send(&letter.delivery.body, Duration::ZERO).await?;
    Ok(match dead.delete(&letter.delivery.receipt).await {
        Ok(()) => (Outcome::Sent, None),
        Err(fault) => (Outcome::Copied, Some(fault.to_string())),
    })
}

/// Every message there, each once, by age. They stay hidden until they are given back.
async fn take_all(dead: &dyn DeadLetters, output: &Output) -> Result<Vec<DeadLetter>, CliError> {
    let mut taken = BTreeMap::new();
    loop {
        let known = taken.len();
        match dead.take(HIDDEN).await {
            // One that is received again has a new receipt, and only that one counts.
            Ok(letters) => taken.extend(letters.into_iter().map(|l| (l.delivery.message_id.clone(), l))),
            Err(fault) => {
                give_back(dead, &taken.into_values().collect::<Vec<_>>(), output).await;
                return Err(fault.into());
            }
        }
        if taken.len() == known {
            break;
        }
    }
    let mut letters: Vec<_> = taken.into_values().collect();
    letters.sort_by_key(|letter| letter.sent_at);
    Ok(letters)
}

/// Makes them visible again.
async fn give_back(dead: &dyn DeadLetters, letters: &[DeadLetter], output: &Output) {
    let mut failed = None;
    for letter in letters {
        if let Err(fault) = dead.give_back(&letter.delivery.receipt).await {
            failed = Some(fault);
        }
    }
    if let Some(fault) = failed {
        let seconds = HIDDEN.as_secs();
        output.note(&format!("some messages stay hidden for up to {seconds} s, then they are back: {fault}"));
    }
}

fn is_named(letter: &DeadLetter, id: &str) -> bool {
    letter.delivery.message_id == id || letter.original_id.as_deref() == Some(id)
}

/// What a message is and which deployment it is about; or why it cannot be understood.
fn about(letter: &DeadLetter) -> Result<(Option<&'static str>, Option<DeploymentId>), String> {
    let message = lockstep_events::decode(&letter.delivery.body).map_err(|error| error.to_string())?;
    Ok(match message {
        Message::DeployRequested(request) => (Some("deploy-requested"), Some(request.id)),
        Message::CancelRequested(cancel) => (Some("cancel-requested"), Some(cancel.id)),
        Message::BuildFinished(build) => (Some("build-finished"), Some(build.id)),
        Message::WakeUp(wake) => (Some("wake-up"), Some(wake.id)),
        Message::EcsDeploymentStateChange(_) => (Some("ecs-deployment-state-change"), None),
    })
}

fn shown(letter: &DeadLetter) -> Shown<'_> {
    let (kind, deployment, problem) = match about(letter) {
        Ok((kind, deployment)) => (kind, deployment, None),
        Err(problem) => (None, None, Some(problem)),
    };
    Shown {
        id: &letter.delivery.message_id,
        original_id: letter.original_id.as_deref(),
        sent_at: letter.sent_at,
        received: letter.received,
        reason: reason(letter),
        kind,
        deployment,
        problem,
        body: &letter.delivery.body,
    }
}

fn reason(letter: &DeadLetter) -> String {
    match (&letter.reason, letter.received) {
        (Some(reason), _) => format!("parked by a worker: {reason}"),
        (None, Some(times)) => {
            format!(
                "given up by the queue: received {times} times, looks at it here included, and never handled"
            )
        }
        (None, None) => "given up by the queue: received too often, and never handled".to_owned(),
    }
}

fn lines(listing: &Listing<'_>) -> Vec<String> {
    if listing.messages.is_empty() {
        return vec!["the dead-letter queue is empty".to_owned()];
    }
    let mut table = Table::new(["MESSAGE", "SENT", "WHAT", "DEPLOYMENT", "WHY"]);
    for message in &listing.messages {
        table.row([
            message.id.to_owned(),
            message.sent_at.map(|at| format!("{at:.0}")).unwrap_or_default(),
            message.kind.unwrap_or("not understood").to_owned(),
            message.deployment.map(|id| id.to_string()).unwrap_or_default(),
            message.reason.clone(),
        ]);
    }
    table.lines(0)
}

fn line(redriven: &Redriven<'_>) -> String {
    let Redriven { id, problem, .. } = redriven;
    let what = redriven.kind.unwrap_or("not understood");
    let of = redriven.deployment.map(|id| format!(" of deployment {id}")).unwrap_or_default();
    let problem = problem.as_deref().unwrap_or_default();
    match redriven.outcome {
        Outcome::Sent => format!("sent again: {id} ({what}{of})"),
        Outcome::Copied => {
            format!("sent again: {id} ({what}{of}), but a copy stays here, which does no harm: {problem}")
        }
        Outcome::Kept => format!("kept: {id}: not understood: {problem}; --force sends it all the same"),
    }
}
