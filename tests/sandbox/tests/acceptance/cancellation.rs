//! The wish to cancel: before anything was deployed it ends the deployment and touches nothing, during a
//! rollout it leads back, after the end it comes too late. It may also arrive before its request.

use std::time::Duration;

use github_sim::Status;
use sandbox::Options;
use sandbox::sample::{self, Variant};

use crate::mailbox::Mailbox;
use crate::stage::{Stage, Verdict, beta, new_id};

/// A commit whose check has not ended: its deployment waits before anything was touched.
fn push_unchecked(stage: &Stage) {
    let commit = sample::commit("main", "0.1.0", Variant::Good, "Unchecked");
    let sha = stage.sandbox.github().control().commit("acme", "sample", commit).unwrap();
    stage.sandbox.report_check(&sha, "ci", Status::InProgress, None).unwrap();
}

/// Deploys to staging, and cancels that once it is in a state.
async fn deploy_and_cancel(stage: &Stage, mailbox: &Mailbox, state: &str, reason: &str) -> Verdict {
    let id = new_id();
    let text = id.to_string();
    let command = ["deploy", "staging", "--id", text.as_str()];
    let cancelling = async {
        stage.until_state(id, state).await;
        mailbox.cancel(id, "carol", reason).await;
    };
    let (verdict, ()) = tokio::join!(stage.wait(&command), cancelling);
    verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_was_deployed_it_ends_in_cancelled_and_touches_nothing() {
    let stage = Stage::set().await;
    let mailbox = Mailbox::of(&stage);
    push_unchecked(&stage);
    let before = stage.traces();
    let verdict = deploy_and_cancel(&stage, &mailbox, "locked/checking-source", "wrong branch").await;
    verdict.expect("cancelled", 6).says("carol").says("wrong branch").says("nothing had been deployed");
    mailbox.until_empty(&stage).await;
    assert_eq!(stage.traces(), before);
    let environment = stage.environment("staging").await;
    assert_eq!((environment.lock.holder, environment.record), (None, Default::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn during_the_build_it_ends_in_cancelled_and_nothing_is_tagged_released_or_deployed() {
    let mut options = Options::default();
    options.github.build_delay_ms = 6_000;
    let stage = Stage::set_with(options).await;
    let mailbox = Mailbox::of(&stage);
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let verdict = deploy_and_cancel(&stage, &mailbox, "locked/awaiting-build", "not today").await;
    verdict.expect("cancelled", 6).says("not today").says("nothing had been deployed");
    mailbox.until_empty(&stage).await;
    stage.traces().are(&[("Dispatch", 1)]);
    assert_eq!(stage.tag(&beta("0.1.0", &sha)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn during_a_rollout_it_rolls_back_and_after_the_end_it_changes_nothing() {
    let mut options = Options::default();
    options.timing.steady = Duration::from_secs(4);
    let stage = Stage::set_with(options).await;
    let mailbox = Mailbox::of(&stage);
    let old = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let first = stage.deploy().await;
    first.expect("healthy", 0);

    // Too late: nothing changes.
    mailbox.until_empty(&stage).await;
    let (history, before) = (stage.history(first.id()).await, stage.traces());
    mailbox.cancel(first.id(), "carol", "too late").await;
    mailbox.until_empty(&stage).await;
    assert_eq!((stage.history(first.id()).await, stage.traces()), (history, before));

    // During the rollout of the next: back to the first.
    stage.sandbox.push("0.2.0", Variant::Good, "Second").unwrap();
    let verdict =
        deploy_and_cancel(&stage, &mailbox, "deploying/rolling-out-candidate", "wrong release").await;
    verdict.expect("rolled-back", 5).says("wrong release").says("runs 0.1.0-").says("verified");
    let info = stage.application("staging", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(old.as_str()));
    let environment = stage.environment("staging").await;
    assert_eq!(environment.lock.holder, None);
    assert_eq!(environment.record.current.map(|release| release.image_tag), Some(beta("0.1.0", &old)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_comes_before_its_request_waits_for_it() {
    let stage = Stage::set().await;
    let mailbox = Mailbox::of(&stage);
    mailbox.come_back_after(1).await;
    push_unchecked(&stage);
    let id = new_id();
    mailbox.cancel(id, "carol", "too early").await;
    let came_back = async || stage.logs().contains("is not known yet: the message comes back until it is");
    stage.until("a cancellation that is not known yet", came_back).await;
    let verdict = stage.wait(&["deploy", "staging", "--id", &id.to_string()]).await;
    verdict.expect("cancelled", 6).says("too early");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_of_nothing_is_given_up_and_kept_in_the_dead_letter_queue() {
    let stage = Stage::set().await;
    let mailbox = Mailbox::of(&stage);
    mailbox.come_back_after(1).await;
    let id = new_id();
    mailbox.cancel(id, "carol", "no such thing").await;
    let parked = mailbox.parked(&stage, 1).await.remove(0);
    assert!(parked.body.contains(&id.to_string()), "{parked:?}");
    assert_eq!(parked.reason, None, "the queue gave it up; the worker's log says why");
    let tries = || stage.logs().matches("is not known yet").count();
    stage.until("as many tries as the queue delivers a message", async || tries() == 10).await;
    mailbox.until_empty(&stage).await;
    assert_eq!(stage.history(id).await, []);
}
