//! What an operator has at hand: cancelling, unlocking, and the dead-letter queue, with the commands that people
//! type, while real workers run or have died.

use std::process::Stdio;
use std::sync::Arc;

use github_sim::Status;
use lockstep_events::DeploymentId;
use rustix::process::{Pid, Signal, kill_process};
use sandbox::sample::{self, Variant};
use sandbox::{Options, Run};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::between::{Between, Call, Fate, Rule};
use crate::mailbox::Mailbox;
use crate::stage::{Stage, new_id};

/// Catches every commit of one state for ever.
struct Trap {
    state: &'static str,
    caught: Notify,
}

impl Rule for Trap {
    async fn meet(&self, call: Call) -> Fate {
        if call.commits() != Some(self.state) {
            return Fate::Pass;
        }
        self.caught.notify_one();
        Fate::Swallow
    }
}

/// Runs a command with `--json`; its last line.
async fn ask(stage: &Stage, arguments: &[&str]) -> (Run, Value) {
    let run = stage.sandbox.run(&[&["--json"], arguments].concat()).await.unwrap();
    let last = run.stdout.lines().last().unwrap_or_default();
    let json = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e} in {run:#?}\n{}", stage.logs()));
    (run, json)
}

/// Asks for a deployment whose commit's check has not ended: it waits before anything was touched.
async fn deploy_unchecked(stage: &Stage) -> DeploymentId {
    push_unchecked(stage);
    request(stage).await
}

fn push_unchecked(stage: &Stage) {
    let commit = sample::commit("main", "0.1.0", Variant::Good, "Unchecked");
    let sha = stage.sandbox.github().control().commit("acme", "sample", commit).unwrap();
    stage.sandbox.report_check(&sha, "ci", Status::InProgress, None).unwrap();
}

async fn request(stage: &Stage) -> DeploymentId {
    let id = new_id();
    let sent = stage.sandbox.run(&["deploy", "staging", "--id", &id.to_string()]).await.unwrap();
    assert_eq!(sent.code, 0, "{sent:#?}");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_stops_a_deployment_and_says_when_it_comes_too_late() {
    let stage = Stage::set().await;
    let id = deploy_unchecked(&stage).await;
    stage.until_state(id, "locked/checking-source").await;
    let text = id.to_string();
    let (run, verdict) = ask(&stage, &["cancel", &text, "--reason", "wrong branch", "--wait"]).await;
    assert_eq!((run.code, verdict["state"].as_str()), (6, Some("cancelled")), "{run:#?}");
    assert!(verdict["reason"].as_str().unwrap().contains("wrong branch"), "{verdict}");
    let (run, late) = ask(&stage, &["cancel", &text]).await;
    assert_eq!((run.code, &late["outcome"]), (8, &json!("too-late")), "{run:#?}");
    let unknown = stage.sandbox.run(&["cancel", &new_id().to_string()]).await.unwrap();
    assert_eq!(unknown.code, 2, "{unknown:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_workflow_run_leaves_no_deployment_behind() {
    let stage = Stage::set().await;
    push_unchecked(&stage);
    let id = new_id();
    let mut command = stage.sandbox.command(&["deploy", "staging", "--wait", "--id", &id.to_string()]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    stage.until_state(id, "locked/checking-source").await;
    let pid = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    // What GitHub's runner sends; it would go on with SIGKILL.
    for signal in [Signal::INT, Signal::TERM] {
        kill_process(pid, signal).unwrap();
    }
    let run: Run = child.wait_with_output().await.unwrap().into();
    assert_eq!(run.code, 6, "{run:#?}\n{}", stage.logs());
    assert_eq!(stage.environment("staging").await.lock.holder, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn unlock_ends_what_a_dead_worker_left_and_the_next_deployment_is_told() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let trap = Arc::new(Trap { state: "locked/awaiting-build", caught: Notify::new() });
    let between = Between::start(stage.sandbox.dynamodb().endpoint(), Arc::clone(&trap)).await;
    stage.add_worker_with("worker-1", &[("LOCKSTEP__AWS__DYNAMODB_ENDPOINT", between.endpoint())]);
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let id = request(&stage).await;
    trap.caught.notified().await;
    // The build was dispatched, and the worker dies before it can record that.
    stage.kill_first_worker().await;

    let (run, status) = ask(&stage, &["status", "staging"]).await;
    let token = &status["environments"][0]["under_way"]["fencing_token"];
    assert_eq!((run.code, token), (0, &json!(1)), "{run:#?}");
    let (run, refused) = ask(&stage, &["unlock", "staging", "--reason", "it hangs", "--token", "9"]).await;
    assert_eq!((run.code, &refused["outcome"]), (9, &json!("refused")), "{run:#?}");
    let (run, report) = ask(&stage, &["unlock", "staging", "--reason", "it hangs", "--token", "1"]).await;
    assert_eq!((run.code, &report["outcome"]), (0, &json!("unlocked")), "{run:#?}");
    assert_eq!(report["holder"]["id"], json!(id));
    let view = stage.environment("staging").await;
    assert_eq!(view.lock.holder, None);
    assert!(view.record.dirty.unwrap().contains("it hangs"));
    let (run, again) = ask(&stage, &["unlock", "staging", "--reason", "it hangs"]).await;
    assert_eq!((run.code, &again["outcome"]), (0, &json!("not-locked")), "{run:#?}");

    stage.add_worker("worker-2");
    let next = stage.deploy().await;
    next.expect("healthy", 0);
    assert!(next.json["warnings"].to_string().contains("it hangs"), "{:#}", next.json);
    assert_eq!(stage.environment("staging").await.record.dirty, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_freeze_and_on_hold_requests_are_rejected_until_somebody_says_otherwise() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let window = r#"[{ from = 2020-01-01T00:00:00Z, until = 2100-01-01T00:00:00Z, reason = "the audit" }]"#;
    let freeze = "LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__STAGING__FREEZE";
    stage.add_worker_with("worker-1", &[(freeze, window)]);
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();

    let frozen = stage.deploy().await;
    frozen.expect("rejected", 3);
    let reason = frozen.json["reason"].as_str().unwrap();
    assert!(reason.starts_with("staging is frozen until 2100-01-01 00:00 UTC (the audit)"), "{reason}");

    let (run, held) = ask(&stage, &["hold", "staging", "--reason", "the database is moved"]).await;
    assert_eq!((run.code, &held["outcome"]), (0, &json!("held")), "{run:#?}");
    let urgent = ["deploy", "staging", "--despite-freeze", "the shop is down"];
    let on_hold = stage.wait(&urgent).await;
    on_hold.expect("rejected", 3);
    let reason = on_hold.json["reason"].as_str().unwrap();
    assert!(reason.starts_with("staging is on hold until somebody releases it: the database"), "{reason}");
    let view = stage.environment("staging").await;
    assert_eq!((view.lock.holder, view.lock.token), (None, 0), "nothing was touched");

    let (run, released) = ask(&stage, &["release", "staging"]).await;
    assert_eq!((run.code, &released["outcome"]), (0, &json!("released")), "{run:#?}");
    let done = stage.wait(&urgent).await;
    done.expect("healthy", 0);
    let first = &stage.history(done.json["id"].as_str().unwrap().parse().unwrap()).await[0];
    assert!(
        first.detail.contains("despite the freeze") && first.detail.ends_with(": the shop is down"),
        "{first:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_letter_queue_is_shown_and_sent_again() {
    let stage = Stage::set().await;
    let mailbox = Mailbox::of(&stage);
    let original = mailbox.send("{broken").await;
    let listed = async || ask(&stage, &["dlq", "list"]).await.1["messages"].as_array().unwrap().clone();
    stage.until("a parked message", async || !listed().await.is_empty()).await;
    let message = listed().await.remove(0);
    assert_eq!((&message["original_id"], &message["body"]), (&json!(original), &json!("{broken")));
    assert!(message["reason"].as_str().unwrap().contains("not understood"), "{message}");
    let (run, kept) = ask(&stage, &["dlq", "redrive", "--all"]).await;
    assert_eq!((run.code, &kept["outcome"]), (9, &json!("kept")), "{run:#?}");
    let (run, sent) = ask(&stage, &["dlq", "redrive", &original, "--force"]).await;
    assert_eq!((run.code, &sent["outcome"]), (0, &json!("sent")), "{run:#?}");
    // Nothing was mended, so the worker parks it once more: as another message.
    stage.until("the message parked again", async || !listed().await.is_empty()).await;
    let again = listed().await;
    assert_eq!((again.len(), &again[0]["body"]), (1, &json!("{broken")));
    assert_ne!(again[0]["original_id"], json!(original));
}
