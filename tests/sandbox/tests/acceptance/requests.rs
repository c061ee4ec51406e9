//! Requests and what becomes of them: delivered twice they are one deployment, under a used id they are
//! refused, and what cannot be understood is kept with the reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lockstep_events::{DeploymentId, Message, encode};
use sandbox::Options;
use sandbox::sample::Variant;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::between::{Between, Call, Fate, Rule};
use crate::mailbox::Mailbox;
use crate::stage::{Stage, Verdict, new_id};

/// What one first deployment to staging changes outside the table: revisions for the database and the
/// candidate; updates that drain the application, replace the database and start the candidate.
pub(crate) const ONE_DEPLOYMENT: [(&str, usize); 4] =
    [("CreateRelease", 1), ("Dispatch", 1), ("RegisterTaskDefinition", 2), ("UpdateService", 3)];

/// The same command twice at once.
async fn twice(stage: &Stage, id: DeploymentId) -> [Verdict; 2] {
    let id = id.to_string();
    let command = ["deploy", "staging", "--id", id.as_str()];
    let (first, second) = tokio::join!(stage.wait(&command), stage.wait(&command));
    [first, second]
}

/// The message that asked for a deployment, as its record has it.
async fn message(stage: &Stage, id: DeploymentId) -> String {
    let request = stage.machine(id).await.deployment().request.clone();
    encode(&Message::DeployRequested(Box::new(request)))
}

/// Fails unless the deployment's history is one, without a gap, begun once and ended once.
async fn is_one_history(stage: &Stage, id: DeploymentId) {
    let history = stage.history(id).await;
    assert!((1..).zip(&history).all(|(number, item)| item.seq == number), "{history:#?}");
    assert_eq!(history.iter().filter(|item| item.event == "lock-taken").count(), 1, "{history:#?}");
    assert_eq!(history.iter().filter(|item| item.terminal).count(), 1, "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_delivered_twice_and_again_after_the_end_is_one_deployment() {
    let mut stage = Stage::set().await;
    stage.add_worker("worker-2");
    let mailbox = Mailbox::of(&stage);
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let id = new_id();
    for verdict in twice(&stage, id).await {
        assert_eq!(verdict.expect("healthy", 0).id(), id);
    }
    is_one_history(&stage, id).await;
    stage.traces().are(&ONE_DEPLOYMENT);

    // Again after the end: the message itself, four times, and the command.
    let (history, traces) = (stage.history(id).await, stage.traces());
    let body = message(&stage, id).await;
    for _ in 0..4 {
        mailbox.send(&body).await;
    }
    mailbox.until_empty(&stage).await;
    stage.wait(&["deploy", "staging", "--id", &id.to_string()]).await.expect("healthy", 0);
    mailbox.until_empty(&stage).await;
    assert_eq!((stage.history(id).await, stage.traces()), (history, traces));
    assert_eq!(mailbox.parked(&stage, 0).await, []);
    let lock = stage.environment("staging").await.lock;
    assert_eq!((lock.holder, lock.token), (None, 1));
}

/// Holds the first two transactions that take a lock until both are there.
struct Both {
    there: Barrier,
    came: AtomicUsize,
}

impl Rule for Both {
    async fn meet(&self, call: Call) -> Fate {
        if call.takes_lock_for().is_some() && self.came.fetch_add(1, Ordering::SeqCst) < 2 {
            self.there.wait().await;
        }
        Fate::Pass
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_two_workers_at_the_same_moment_is_one_deployment() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let both = Arc::new(Both { there: Barrier::new(2), came: AtomicUsize::new(0) });
    let between = Between::start(stage.sandbox.dynamodb().endpoint(), Arc::clone(&both)).await;
    for name in ["worker-1", "worker-2"] {
        let variables = [
            ("LOCKSTEP__AWS__DYNAMODB_ENDPOINT", between.endpoint()),
            ("LOCKSTEP__WORKER__CONCURRENCY", "1"),
            ("LOCKSTEP__WORKER__CALL_TIMEOUT_SECONDS", "30"),
            ("LOCKSTEP__WORKER__CLAIM_LEASE_SECONDS", "90"),
        ];
        stage.add_worker_with(name, &variables);
    }
    let id = new_id();
    for verdict in twice(&stage, id).await {
        verdict.expect("healthy", 0);
    }
    assert!(both.came.load(Ordering::SeqCst) >= 2, "both workers tried to take the lock");
    is_one_history(&stage, id).await;
    stage.traces().are(&ONE_DEPLOYMENT);
    assert_eq!(stage.environment("staging").await.lock.token, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_with_another_payload_is_an_error_and_is_parked() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let mailbox = Mailbox::of(&stage);
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let id = new_id().to_string();
    // Two at once that no worker has seen: neither command can know of the other yet.
    let commands = [vec!["deploy", "staging"], vec!["deploy", "staging", "--ref", "main"]];
    let runs = commands.map(|mut words| {
        words.extend(["--id", &id, "--wait"]);
        let run = stage.sandbox.command(&words).output();
        tokio::spawn(async move { sandbox::Run::from(run.await.unwrap()) })
    });
    stage.add_worker("worker-1");
    let mut ended = Vec::new();
    for run in runs {
        ended.push(run.await.unwrap());
    }
    ended.sort_by_key(|run| run.code);
    let [healthy, refused] = &ended[..] else { panic!("{ended:#?}") };
    assert_eq!((healthy.code, refused.code), (0, 2), "{ended:#?}");
    let words = format!("error: deployment id {id} was used before for another request (target: ");
    assert!(refused.stderr.contains(&words), "{refused:#?}");
    assert!(refused.stderr.contains("a new request needs a new id"), "{refused:#?}");

    let id = id.parse().unwrap();
    let parked = mailbox.parked(&stage, 1).await.remove(0);
    let reason =
        format!("deployment id {id} was used before with another payload: a new request needs a new id");
    assert_eq!(parked.reason, Some(reason));
    let (kept, deployed) = (target(&parked.body), target(&message(&stage, id).await));
    assert_ne!(kept, deployed, "the one that was not deployed is the one that was parked");
    is_one_history(&stage, id).await;
    stage.traces().are(&ONE_DEPLOYMENT);

    // With the record there, the command itself refuses: nothing is sent.
    let other =
        stage.sandbox.run(&["deploy", "staging", "--ref", "other", "--id", &id.to_string()]).await.unwrap();
    assert_eq!(other.code, 2, "{other:#?}");
    assert!(other.stderr.contains(&words), "{other:#?}");
    mailbox.until_empty(&stage).await;
    is_one_history(&stage, id).await;
}

fn target(body: &str) -> Value {
    serde_json::from_str::<Value>(body).unwrap()["body"]["target"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_parked_with_its_reason_and_nothing_else_is_lost() {
    let stage = Stage::set().await;
    let mailbox = Mailbox::of(&stage);
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let bad = [
        ("deploy staging, please".to_owned(), "not understood: the message is not JSON"),
        (
            json!({ "type": "wake-up", "body": {} }).to_string(),
            "the message has no \"lockstep\" of type integer",
        ),
        (
            json!({ "lockstep": 2, "type": "wake-up", "body": {} }).to_string(),
            "envelope version 2 is unknown to this worker, which reads version 1",
        ),
        (
            json!({ "lockstep": 1, "type": "deploy-everything", "body": {} }).to_string(),
            "message type \"deploy-everything\" is unknown",
        ),
        (
            json!({ "lockstep": 1, "type": "deploy-requested", "body": { "id": "1" } }).to_string(),
            "the body of this deploy-requested message is invalid",
        ),
        (
            json!({ "detail-type": "ECS Task State Change", "source": "aws.ecs" }).to_string(),
            "EventBridge event \"ECS Task State Change\" is not handled",
        ),
    ];
    let mut sent = Vec::new();
    for (body, reason) in &bad[..3] {
        sent.push((mailbox.send(body).await, body, *reason));
    }
    let deployment = stage.deploy();
    let rest = async {
        for (body, reason) in &bad[3..] {
            sent.push((mailbox.send(body).await, body, *reason));
        }
    };
    let (verdict, ()) = tokio::join!(deployment, rest);
    verdict.expect("healthy", 0);

    let parked = mailbox.parked(&stage, bad.len()).await;
    for (id, body, reason) in sent {
        let found = parked.iter().find(|parked| parked.original_id.as_ref() == Some(&id));
        let found = found.unwrap_or_else(|| panic!("{body} is not in {parked:#?}"));
        assert_eq!(&found.body, body);
        assert!(found.reason.as_ref().is_some_and(|text| text.contains(reason)), "{reason:?}: {found:?}");
    }
    mailbox.until_empty(&stage).await;
    stage.traces().are(&ONE_DEPLOYMENT);
    assert_eq!(stage.logs().matches("message parked in the dead-letter queue").count(), bad.len());
}
