//! The race between a wake-up and the commit it was sent for: the wake-up goes out first, so another worker may
//! have it before the commit stands. Whatever that worker makes of it, the deployment must still be woken
//! afterwards and end well.

use std::sync::Arc;

use lockstep::engine::Engine;
use lockstep::faults::FaultKind;

use crate::doubles::{Trouble, call, commit};
use crate::stage::{LEASE, Stage, is_claimed_by};

/// Worker B receives the newest wake-up at this moment.
fn received_early(stage: &Arc<Stage>, b: &Engine, moment: String) {
    let (on, b) = (stage.clone(), b.clone());
    stage.wire.before(moment, async move {
        let newest = on.queue.live().pop().unwrap();
        assert!(newest.wake().number > 0, "a wake-up was sent just before");
        on.done(&b, &newest).await;
    });
}

#[tokio::test]
async fn a_wake_up_that_comes_before_the_commit_into_a_waiting_state_does_not_end_the_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    received_early(&stage, &b, commit("build-dispatched", "locked/awaiting-build"));
    stage.done(&a, &message).await;
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("locked/awaiting-build", "a"));
    let left = stage.only_wake(id);
    assert_eq!((left.wake().number, left.delay), (newest.wake, LEASE), "B thought of a dead worker");
    stage.up_to(&b, id, "healthy").await;
    assert_eq!(stage.wire.count("dispatch"), 1);
}

#[tokio::test]
async fn a_wake_up_that_comes_before_the_commit_from_one_wait_into_the_next_does_not_end_the_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    received_early(&stage, &b, commit("rollout-succeeded", "deploying/checking-readiness"));
    stage.next(&a).await;
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("deploying/checking-readiness", "b"));
    assert_eq!(stage.only_wake(id).wake().number, newest.wake);
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.events(id, "rollout-succeeded"), 1);
}

#[tokio::test]
async fn a_wake_up_that_comes_before_a_throttled_action_is_released_does_not_end_the_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Throttled));
    received_early(&stage, &b, commit("transient-fault", "locked/dispatching-build"));
    stage.done(&a, &message).await;
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.claim.clone()), ("locked/dispatching-build", None));
    assert_eq!(stage.only_wake(id).wake().number, newest.wake);
    stage.up_to(&b, id, "healthy").await;
    assert_eq!((stage.forge.builds(), stage.wire.count("dispatch")), (1, 2));
}

#[tokio::test]
async fn a_wake_up_that_comes_before_an_ambiguous_fault_is_recorded_does_not_end_the_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::after_effect(FaultKind::TimedOut));
    received_early(&stage, &b, commit("transient-fault", "locked/dispatching-build"));
    stage.done(&a, &message).await;
    let newest = stage.newest(id);
    assert!(is_claimed_by(&newest, "a"), "what was sent may still arrive");
    assert_eq!(stage.only_wake(id).wake().number, newest.wake);
    stage.up_to(&b, id, "healthy").await;
    assert_eq!((stage.forge.builds(), stage.wire.count("dispatch")), (1, 1));
}

#[tokio::test]
async fn a_worker_that_dies_between_the_wake_up_and_the_commit_leaves_a_chain_that_goes_on() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let old = stage.only_wake(id);
    stage.dies(&a, &old, commit("rollout-succeeded", "deploying/checking-readiness")).await;
    let numbers: Vec<_> = stage.chain(id).iter().map(|message| message.wake().number).collect();
    assert_eq!(numbers, [old.wake().number, old.wake().number + 1], "the old one comes back, too");
    stage.up_to(&b, id, "healthy").await;
    assert_eq!(stage.events(id, "rollout-succeeded"), 1);
    for left in stage.queue.live() {
        stage.done(&b, &left).await;
    }
    assert_eq!(stage.queue.live(), [], "nothing wakes a deployment that has ended");
}

#[tokio::test]
async fn a_worker_that_dies_before_the_wake_up_is_sent_leaves_its_message() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let old = stage.only_wake(id);
    stage.dies(&a, &old, call("send")).await;
    assert_eq!(stage.only_wake(id), old);
    stage.up_to(&b, id, "healthy").await;
}

#[tokio::test]
async fn a_wake_up_with_a_number_that_nobody_can_reach_does_not_make_the_true_ones_stale() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let (before, forged) = (stage.newest(id).wake, stage.put_wake(id, u64::MAX));
    stage.forge.hold_builds(false);
    stage.done(&a, &forged).await;
    assert!(stage.newest(id).wake <= before + 2, "{}", stage.newest(id).wake);
    stage.up_to(&a, id, "healthy").await;
}
