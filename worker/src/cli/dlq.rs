//! `dlq`: shows what could not be handled, and sends it to the queue again once the cause is mended. Must never
//! delete a message that has not been sent before, nor leave one hidden for longer than it looks at it, nor lend an
//! operator's name to what somebody else sent.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lockstep_events::DeploymentId;
use serde::Serialize;

use super::Exit;
use super::args::RedriveArgs;
use super::dead_letter::Examined;
use super::error::CliError;
use super::output::Output;
use super::table::Table;
use crate::config::Config;
use crate::ports::{DeadLetter, DeadLetters, Store};
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
    /// Who sent it first, and when; `null` where nobody vouches for it.
    sender: Option<String>,
    sent_at: Option<Timestamp>,
    age_seconds: Option<i64>,
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
    sender: Option<String>,
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
    let (store, dead) = wiring::table_and_dead_letters(config).await;
    let letters = take_all(dead.as_ref(), output).await?;
    give_back(dead.as_ref(), letters.iter(), output).await;
    let now = Timestamp::now();
    let letters = examine(letters, config, store.as_ref(), now).await?;
    let listing = Listing { messages: letters.iter().map(|letter| shown(letter, now)).collect() };
    output.show(&listing, || lines(&listing))?;
    Ok(Exit::Done)
}

/// `dlq redrive`.
pub(super) async fn redrive(
    config: &Config,
    args: &RedriveArgs,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let (store, dead) = wiring::table_and_dead_letters(config).await;
    let letters = take_all(dead.as_ref(), output).await?;
    let unknown = args.ids.iter().find(|id| !letters.iter().any(|letter| is_named(letter, id)));
    if let Some(unknown) = unknown {
        give_back(dead.as_ref(), letters.iter(), output).await;
        return Err(CliError::Usage(format!(
            "there is no message {unknown} in the dead-letter queue: `lockstep dlq list` shows what is; nothing was sent"
        )));
    }
    let (wanted, rest): (Vec<_>, Vec<_>) =
        letters.into_iter().partition(|letter| args.all || args.ids.iter().any(|id| is_named(letter, id)));
    give_back(dead.as_ref(), rest.iter(), output).await;
    if wanted.is_empty() {
        output.note("the dead-letter queue is empty");
    }
    let wanted = match examine(wanted.clone(), config, store.as_ref(), Timestamp::now()).await {
        Ok(examined) => examined,
        Err(fault) => {
            give_back(dead.as_ref(), wanted.iter(), output).await;
            return Err(fault);
        }
    };
    let mut rest = Vec::new();
    let mut exit = Exit::Done;
    let mut wanted = wanted.into_iter();
    while let Some(letter) = wanted.next() {
        let (outcome, problem) = match send_again(dead.as_ref(), &letter, args.force).await {
            Ok(done) => done,
            Err(fault) => {
                rest.extend([letter].into_iter().chain(wanted));
                give_back(dead.as_ref(), rest.iter().map(|letter| &letter.letter), output).await;
                return Err(fault);
            }
        };
        exit = match (outcome, exit) {
            (Outcome::Sent, exit) | (Outcome::Kept, exit @ Exit::Fault) => exit,
            (Outcome::Kept, _) => Exit::Refused,
            (Outcome::Copied, _) => Exit::Fault,
        };
        let (kind, deployment) = letter.about();
        let (id, sender) = (letter.letter.delivery.message_id.as_str(), letter.sending.sender.clone());
        let redriven = Redriven { id, outcome, sender, kind, deployment, problem };
        output.show(&redriven, || vec![line(&redriven)])?;
        if outcome == Outcome::Kept {
            rest.push(letter);
        }
    }
    give_back(dead.as_ref(), rest.iter().map(|letter| &letter.letter), output).await;
    Ok(exit)
}

/// Sends it first and deletes it then: a crash in between leaves two copies and never none, and whatever is
/// handled twice is handled once. Who sent it first goes with it: the worker judges that sender, and not who runs this.
async fn send_again(
    dead: &dyn DeadLetters,
    letter: &Examined,
    force: bool,
) -> Result<(Outcome, Option<String>), CliError> {
    if let (Some(problem), false) = (&letter.problem, force) {
        return Ok((Outcome::Kept, Some(problem.clone())));
    }
    let delivery = &letter.letter.delivery;
    dead.send_again(&delivery.body, &letter.sending.origin()).await?;
    Ok(match dead.delete(&delivery.receipt).await {
        Ok(()) => (Outcome::Sent, None),
        Err(fault) => (Outcome::Copied, Some(fault.to_string())),
    })
}

/// Every message there, each once. They stay hidden until they are given back.
async fn take_all(dead: &dyn DeadLetters, output: &Output) -> Result<Vec<DeadLetter>, CliError> {
    let mut taken = BTreeMap::new();
    loop {
        let known = taken.len();
        match dead.take(HIDDEN).await {
            // One that is received again has a new receipt, and only that one counts.
            Ok(letters) => taken.extend(letters.into_iter().map(|l| (l.delivery.message_id.clone(), l))),
            Err(fault) => {
                give_back(dead, taken.values(), output).await;
                return Err(fault.into());
            }
        }
        if taken.len() == known {
            break;
        }
    }
    Ok(taken.into_values().collect())
}

/// Looks into each.
async fn examine(
    letters: Vec<DeadLetter>,
    config: &Config,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<Examined>, CliError> {
    let mut examined = Vec::new();
    for letter in letters {
        examined.push(Examined::of(letter, config, store, now).await?);
    }
    examined.sort_by_key(|letter| letter.sending.at);
    Ok(examined)
}

/// Makes them visible again.
async fn give_back(dead: &dyn DeadLetters, letters: impl Iterator<Item = &DeadLetter>, output: &Output) {
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

fn shown(examined: &Examined, now: Timestamp) -> Shown<'_> {
    let (kind, deployment) = examined.about();
    let problem = examined.content.as_ref().err().cloned();
    let (letter, sending) = (&examined.letter, &examined.sending);
    Shown {
        id: &letter.delivery.message_id,
        original_id: letter.original_id.as_deref(),
        sender: sending.sender.clone(),
        sent_at: sending.at,
        age_seconds: sending.at.map(|at| now.duration_since(at).as_secs()),
        received: letter.received,
        reason: reason(examined),
        kind,
        deployment,
        problem,
        body: &letter.delivery.body,
    }
}

fn reason(examined: &Examined) -> String {
    let letter = &examined.letter;
    match (letter.reason.as_ref().filter(|_| examined.parked), letter.received) {
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
    let mut table = Table::new(["MESSAGE", "SENT", "AGE", "SENDER", "WHAT", "DEPLOYMENT", "WHY"]);
    for message in &listing.messages {
        table.row([
            message.id.to_owned(),
            message.sent_at.map_or("not known".to_owned(), |at| format!("{at:.0}")),
            message.age_seconds.map(age).unwrap_or_default(),
            message.sender.clone().unwrap_or_else(|| "not known".to_owned()),
            message.kind.unwrap_or("not understood").to_owned(),
            message.deployment.map(|id| id.to_string()).unwrap_or_default(),
            message.reason.clone(),
        ]);
    }
    table.lines(0)
}

/// Days, hours and minutes; seconds below an hour.
fn age(seconds: i64) -> String {
    let exact = SignedDuration::from_secs(seconds);
    let shown = if exact < SignedDuration::from_hours(1) {
        exact
    } else {
        SignedDuration::from_mins(exact.as_mins())
    };
    format!("{shown:#}")
}

fn line(redriven: &Redriven<'_>) -> String {
    let Redriven { id, problem, .. } = redriven;
    let first =
        redriven.sender.as_ref().map(|sender| format!(", first sent by {sender}")).unwrap_or_default();
    let what = redriven.kind.unwrap_or("not understood");
    let of = redriven.deployment.map(|id| format!(" of deployment {id}")).unwrap_or_default();
    let problem = problem.as_deref().unwrap_or_default();
    match redriven.outcome {
        Outcome::Sent => format!("sent again: {id} ({what}{of}{first})"),
        Outcome::Copied => {
            format!(
                "sent again: {id} ({what}{of}{first}), but a copy stays here, which does no harm: {problem}"
            )
        }
        Outcome::Kept => format!("kept: {id} ({what}{of}{first}): {problem}; --force sends it all the same"),
    }
}
