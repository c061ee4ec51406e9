//! `dlq` and `cancel`, and what interrupts of a wait do. Unlocking needs an engine that works: it is tested
//! over the doubles and in the sandbox.

use std::process::Stdio;
use std::time::Duration;

use lockstep::ports::{Delivery, Queue as _};
use lockstep_events::{DeploymentId, Message, WakeUp, encode};
use lockstep_state_machines::State;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::records::{self, request};
use super::support::{Local, Ran, new_id};

/// Parks a message as a worker does.
async fn park(local: &Local, body: &str, original_id: &str, reason: &str) {
    let delivery = Delivery {
        message_id: original_id.to_owned(),
        body: body.to_owned(),
        receipt: String::new(),
        sender: None,
        sent_at: None,
        origin: None,
    };
    local.dead_letters.park(&delivery, reason).await.unwrap();
}

fn wake(id: DeploymentId) -> String {
    encode(&Message::WakeUp(WakeUp { id, number: 3, takeover_of: None }))
}

/// The bodies that are in the queue; they are deleted.
async fn sent(local: &Local) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let received = local.queue.receive(10, Duration::from_secs(1)).await.unwrap();
        if received.is_empty() {
            return bodies;
        }
        for delivery in received {
            local.queue.delete(&delivery.receipt).await.unwrap();
            bodies.push(delivery.body);
        }
    }
}

#[tokio::test]
async fn dead_letters_are_listed_again_and_again() {
    let local = Local::start().await;
    let ran = local.run(&["dlq", "list"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "the dead-letter queue is empty\n"), "{}", ran.stderr);
    let id = new_id();
    park(&local, &wake(id), "original", "no such thing").await;
    park(&local, "{broken", "other", "not understood: not JSON").await;
    for _ in 0..2 {
        let ran = local.run(&["dlq", "list", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let [listing] = &ran.json()[..] else { panic!("{}", ran.stdout) };
        let messages = listing["messages"].as_array().unwrap();
        assert_eq!((&listing["type"], messages.len()), (&json!("dead-letters"), 2));
        let wake_up = messages.iter().find(|message| message["original_id"] == "original").unwrap();
        assert_eq!((&wake_up["kind"], &wake_up["deployment"]), (&json!("wake-up"), &json!(id)));
        assert_eq!(
            (&wake_up["reason"], &wake_up["body"]),
            (&json!("parked by a worker: no such thing"), &json!(wake(id)))
        );
        assert_eq!(wake_up["problem"], json!(null));
        let broken = messages.iter().find(|message| message["original_id"] == "other").unwrap();
        assert_eq!((&broken["kind"], &broken["body"]), (&json!(null), &json!("{broken")));
        assert!(!broken["problem"].as_str().unwrap().is_empty());
    }
    let text = local.run(&["dlq", "list"]).await.stdout;
    assert!(text.contains(&format!("wake-up         {id}")) && text.contains("not understood"), "{text}");
}

#[tokio::test]
async fn a_redrive_sends_what_was_named_and_keeps_the_rest() {
    let local = Local::start().await;
    let (first, second) = (new_id(), new_id());
    park(&local, &wake(first), "first", "why").await;
    park(&local, &wake(second), "second", "why").await;
    let ran = local.run(&["dlq", "redrive", "first", "third"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("there is no message third"), "{}", ran.stderr);
    assert_eq!(sent(&local).await, [""; 0], "nothing was sent");
    let ran = local.run(&["dlq", "redrive", "first", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let [redriven] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    assert_eq!((&redriven["type"], &redriven["outcome"]), (&json!("redrive"), &json!("sent")));
    assert_eq!(redriven["deployment"], json!(first));
    assert_eq!(sent(&local).await, [wake(first)]);
    let left = &local.run(&["dlq", "list", "--json"]).await.json()[0]["messages"];
    assert_eq!((left.as_array().unwrap().len(), &left[0]["deployment"]), (1, &json!(second)));
}

#[tokio::test]
async fn a_redrive_keeps_what_cannot_be_understood_unless_forced() {
    let local = Local::start().await;
    let id = new_id();
    park(&local, &wake(id), "fine", "why").await;
    park(&local, "{broken", "broken", "why").await;
    let ran = local.run(&["dlq", "redrive", "--all"]).await;
    assert_eq!(ran.code, 9, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("not understood") && ran.stdout.contains("--force"), "{}", ran.stdout);
    assert_eq!(sent(&local).await, [wake(id)]);
    let ran = local.run(&["dlq", "redrive", "--all", "--force"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(sent(&local).await, ["{broken"]);
    let ran = local.run(&["dlq", "redrive", "--all"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "the dead-letter queue is empty\n"));
}

#[tokio::test]
async fn cancel_sends_the_wish_and_says_where_the_deployment_stands() {
    let local = Local::start().await;
    let request = request(new_id());
    records::open(&local, &request).await;
    let id = request.id.to_string();
    let ran = local.run(&["cancel", &id, "--reason", "wrong branch", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let [said] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    assert_eq!((&said["type"], &said["outcome"]), (&json!("cancellation"), &json!("sent")));
    assert_eq!((&said["id"], &said["state"]), (&json!(id), &json!("locked/checking-source")));
    let wish = local.next_cancellation().await;
    assert_eq!((wish.id, wish.requester.actor.as_str()), (request.id, "alice"));
    assert_eq!(wish.reason.unwrap().as_str(), "wrong branch");
}

#[tokio::test]
async fn cancel_of_what_has_ended_comes_too_late() {
    let local = Local::start().await;
    let request = request(new_id());
    records::open(&local, &request).await;
    records::close(&local, &request, State::Healthy).await;
    let ran = local.run(&["cancel", &request.id.to_string()]).await;
    assert_eq!(ran.code, 8, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("too late: deployment"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ended in healthy") && ran.stdout.contains("is ready"), "{}", ran.stdout);
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn cancel_of_an_unknown_deployment_is_an_error_unless_its_request_may_be_in_the_queue() {
    let local = Local::start().await;
    let id = new_id().to_string();
    let ran = local.run(&["cancel", &id]).await;
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("nothing was sent") && ran.stderr.contains("--force"), "{}", ran.stderr);
    local.nothing_was_sent().await;
    assert_eq!(local.run(&["cancel", &id, "--force"]).await.code, 0);
    assert_eq!(local.next_cancellation().await.id.to_string(), id);
}

#[tokio::test]
async fn a_cancel_that_waits_ends_with_the_verdict() {
    let local = Local::start().await;
    for (state, code) in [(State::Cancelled, 6), (State::Healthy, 8)] {
        let request = request(new_id());
        records::open(&local, &request).await;
        let child = local.spawn(&["cancel", &request.id.to_string(), "--wait"], &[]);
        local.next_cancellation().await;
        records::close(&local, &request, state).await;
        let ran: Ran = child.wait_with_output().await.unwrap().into();
        assert_eq!(ran.code, code, "{state}: {}{}", ran.stdout, ran.stderr);
    }
}

async fn signal(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let mut kill = Command::new("kill");
    assert!(kill.args([signal, &pid]).stdin(Stdio::null()).status().await.unwrap().success());
}

/// Reads standard error until a line holds this.
async fn until_said(log: &mut (impl tokio::io::AsyncBufRead + Unpin), words: &str) {
    let mut seen = String::new();
    while !seen.contains(words) {
        assert_ne!(log.read_line(&mut seen).await.unwrap(), 0, "{words:?} was never said: {seen}");
    }
}

#[tokio::test]
async fn a_wait_that_is_interrupted_twice_cancels_and_goes_on_to_the_verdict() {
    let local = Local::start().await;
    let mut child = local.spawn(&["deploy", "--wait"], &[]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let request = local.next_request().await;
    records::open(&local, &request).await;
    signal(&child, "-INT").await;
    until_said(&mut log, "interrupt again to cancel").await;
    local.nothing_was_sent().await;
    signal(&child, "-TERM").await;
    until_said(&mut log, "interrupt again to stop waiting").await;
    let wish = local.next_cancellation().await;
    assert_eq!(wish.id, request.id);
    assert!(wish.reason.unwrap().as_str().contains("interrupted twice"));
    records::close(&local, &request, State::Cancelled).await;
    let ran: Ran = child.wait_with_output().await.unwrap().into();
    assert_eq!(ran.code, 6, "{}", ran.stdout);
}

#[tokio::test]
async fn in_a_workflow_the_first_interrupt_cancels_since_the_runner_soon_kills() {
    let local = Local::start().await;
    let mut child = local.spawn(&["deploy", "--wait"], &[("GITHUB_ACTIONS", "true")]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let request = local.next_request().await;
    records::open(&local, &request).await;
    signal(&child, "-INT").await;
    let wish = local.next_cancellation().await;
    assert_eq!(wish.id, request.id);
    assert!(wish.reason.unwrap().as_str().contains("the workflow step that waited for it was cancelled"));
    signal(&child, "-TERM").await;
    until_said(&mut log, "its cancellation was sent already").await;
    records::close(&local, &request, State::Cancelled).await;
    let ran: Ran = child.wait_with_output().await.unwrap().into();
    assert_eq!(ran.code, 6, "{}", ran.stdout);
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn a_third_interrupt_stops_waiting() {
    let local = Local::start().await;
    let mut child = local.spawn(&["deploy", "--wait", "--json"], &[]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let request = local.next_request().await;
    for words in ["interrupt again to cancel", "interrupt again to stop waiting"] {
        signal(&child, "-INT").await;
        until_said(&mut log, words).await;
    }
    signal(&child, "-INT").await;
    let ran: Ran = child.wait_with_output().await.unwrap().into();
    assert_eq!(ran.code, 7, "{}", ran.stdout);
    let kinds: Vec<_> = ran.json().iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["request", "cancellation", "no-verdict"]);
    assert_eq!(local.next_cancellation().await.id, request.id);
}

#[tokio::test]
async fn an_interrupted_watch_ends_and_cancels_nothing() {
    let local = Local::start().await;
    let request = request(new_id());
    records::open(&local, &request).await;
    let mut child = local.spawn(&["watch", &request.id.to_string()], &[]);
    // It listens from before its first line on.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next_line().await.unwrap().unwrap().contains("locked/checking-source"));
    signal(&child, "-INT").await;
    assert!(lines.next_line().await.unwrap().unwrap().contains("it goes on"));
    assert_eq!(child.wait().await.unwrap().code(), Some(7));
    local.nothing_was_sent().await;
}
