//! Whose a dead letter is, and what of it is not sent again. The stand-in names one sender for everybody, so that a list of
//! workers with or without it tells a worker's parking from somebody's pretence.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lockstep::ports::{Delivery, Origin, Queue as _};
use lockstep_events::{CancelRequested, DeployRequested, DeploymentId, Message, Requester, WakeUp, encode};
use serde_json::{Value, json};

use super::records::{self, request};
use super::support::{Local, Ran, new_id};

/// What the stand-in names as the sender of every message.
const EVERYBODY: &str = r#"["000000000000"]"#;

const STRANGER: &str = "AROASTRANGER:x";
const PERSON: &str = "AIDAPERSON";
const RUNS: &str = "AROARUNS:run-42";

/// Runs `dlq` where staging says who may ask, and these are the workers.
async fn dlq(local: &Local, workers: &str, arguments: &[&str]) -> Ran {
    let requests =
        r#"{ workflow = "deploy.yml", workflow_senders = ["AROARUNS"], people_senders = ["AIDAPERSON"] }"#;
    let variables = [
        ("LOCKSTEP__QUEUE__WORKER_SENDERS", workers),
        ("LOCKSTEP__APPLICATIONS__SHOP__ENVIRONMENTS__STAGING__REQUESTS", requests),
    ];
    let arguments: Vec<_> = ["dlq"].iter().chain(arguments).copied().collect();
    local.run_with(&arguments, &variables).await
}

/// Parks a message that this sender sent so long ago.
async fn park(local: &Local, message: &Message, sender: &str, ago: SignedDuration) {
    park_again(local, message, sender, ago, None).await;
}

async fn park_again(
    local: &Local,
    message: &Message,
    sender: &str,
    ago: SignedDuration,
    origin: Option<Origin>,
) {
    let delivery = Delivery {
        message_id: "original".to_owned(),
        body: encode(message),
        receipt: String::new(),
        sender: Some(sender.to_owned()),
        sent_at: Some(Timestamp::now() - ago),
        origin,
    };
    local.dead_letters.park(&delivery, "why").await.unwrap();
}

/// Everything in the queue; it is deleted.
async fn sent(local: &Local) -> Vec<Delivery> {
    let received = local.queue.receive(10, Duration::from_secs(1)).await.unwrap();
    for delivery in &received {
        local.queue.delete(&delivery.receipt).await.unwrap();
    }
    received
}

fn asked() -> Message {
    Message::DeployRequested(Box::new(request(new_id())))
}

fn by_run() -> Message {
    let requester =
        Requester { actor: "alice".to_owned(), workflow_run_id: Some(42), workflow_run_attempt: Some(1) };
    Message::DeployRequested(Box::new(DeployRequested { requester, ..request(new_id()) }))
}

fn cancel(id: DeploymentId) -> Message {
    let requester =
        Requester { actor: "alice".to_owned(), workflow_run_id: None, workflow_run_attempt: None };
    Message::CancelRequested(CancelRequested { id, requester, reason: None })
}

/// A redrive of the one dead letter that there is, which keeps it for a reason with these words.
async fn is_kept(local: &Local, workers: &str, words: &str) {
    let ran = dlq(local, workers, &["redrive", "--all"]).await;
    assert_eq!(ran.code, 9, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains(words) && ran.stdout.contains("--force sends it all the same"),
        "{}",
        ran.stdout
    );
    assert_eq!(sent(local).await, [], "nothing was sent");
}

#[tokio::test]
async fn the_list_shows_who_sent_it_first_and_how_long_ago() {
    let local = Local::start().await;
    park(&local, &asked(), PERSON, SignedDuration::from_secs(7265)).await;
    let shown = |ran: &Ran| -> Value { ran.json()[0]["messages"][0].clone() };
    let letter = shown(&dlq(&local, EVERYBODY, &["list", "--json"]).await);
    assert_eq!((&letter["sender"], &letter["reason"]), (&json!(PERSON), &json!("parked by a worker: why")));
    assert!((7265..7400).contains(&letter["age_seconds"].as_i64().unwrap()), "{letter}");
    let text = dlq(&local, EVERYBODY, &["list"]).await.stdout;
    assert!(text.contains("2h 1m") && text.contains(PERSON), "{text}");
    // Not a worker's: then its attributes are no more than its sender's own words.
    let letter = shown(&dlq(&local, r#"["AROAWORKER"]"#, &["list", "--json"]).await);
    assert_eq!(letter["sender"], "000000000000");
    assert!(letter["reason"].as_str().unwrap().starts_with("given up by the queue"), "{letter}");
    // Nobody says who the workers are.
    let letter = shown(&dlq(&local, "[]", &["list", "--json"]).await);
    assert_eq!((&letter["sender"], &letter["sent_at"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn what_its_first_sender_may_ask_is_sent_in_that_name_and_at_that_age() {
    let local = Local::start().await;
    for (message, sender) in [(asked(), PERSON), (by_run(), RUNS)] {
        park(&local, &message, sender, SignedDuration::from_mins(10)).await;
        let ran = dlq(&local, EVERYBODY, &["redrive", "--all", "--json"]).await;
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        assert_eq!((&ran.json()[0]["outcome"], &ran.json()[0]["sender"]), (&json!("sent"), &json!(sender)));
        let sent = sent(&local).await;
        let origin = sent[0].origin.clone().unwrap();
        assert_eq!((sent.len(), origin.sender.as_deref()), (1, Some(sender)));
        let age = Timestamp::now().duration_since(origin.sent_at.unwrap());
        assert!(age >= SignedDuration::from_mins(10), "{age}");
    }
}

#[tokio::test]
async fn what_no_worker_would_take_is_kept_with_what_to_do_unless_forced() {
    let local = Local::start().await;
    let cases = [
        (asked(), STRANGER, 0, "sender AROASTRANGER:x may not ask for deployments to staging"),
        (by_run(), RUNS, 3700, "start the workflow of run 42 anew instead"),
        (asked(), PERSON, 3700, "ask for it anew instead"),
        (cancel(new_id()), PERSON, 0, "there is no deployment"),
        (
            Message::WakeUp(WakeUp { id: new_id(), number: 3, takeover_of: None }),
            "000000000000",
            0,
            "only workers wake each other",
        ),
    ];
    for (message, sender, seconds, words) in cases {
        park(&local, &message, sender, SignedDuration::from_secs(seconds)).await;
        is_kept(&local, EVERYBODY, words).await;
        let ran = dlq(&local, EVERYBODY, &["redrive", "--all", "--force"]).await;
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        let sent = sent(&local).await;
        assert_eq!(sent[0].origin.clone().unwrap().sender.as_deref(), Some(sender), "the worker judges");
    }
}

#[tokio::test]
async fn a_stranger_s_cancellation_is_not_sent_in_an_operator_s_name_however_often() {
    let local = Local::start().await;
    let request = request(new_id());
    records::open(&local, &request).await;
    let first = |sender: &str| Origin { sender: Some(sender.to_owned()), sent_at: Some(Timestamp::now()) };
    let now = SignedDuration::ZERO;
    // Sent again by an operator and parked again: it is still the stranger's.
    park_again(&local, &cancel(request.id), PERSON, now, Some(first(STRANGER))).await;
    is_kept(&local, EVERYBODY, "sender AROASTRANGER:x (sent again by AIDAPERSON) may not cancel").await;
    // A stranger names somebody else.
    assert_eq!(dlq(&local, EVERYBODY, &["redrive", "--all", "--force"]).await.code, 0);
    sent(&local).await;
    park_again(&local, &cancel(request.id), STRANGER, now, Some(first(PERSON))).await;
    is_kept(&local, EVERYBODY, "sender AROASTRANGER:x may not cancel").await;
    // Of a deployment that nobody knows neither is lent a name.
    assert_eq!(dlq(&local, EVERYBODY, &["redrive", "--all", "--force"]).await.code, 0);
    sent(&local).await;
    park_again(&local, &cancel(new_id()), PERSON, now, Some(first(PERSON))).await;
    assert_eq!(dlq(&local, EVERYBODY, &["redrive", "--all", "--force"]).await.code, 0);
    assert_eq!(sent(&local).await[0].origin, Some(Origin::default()));
}
