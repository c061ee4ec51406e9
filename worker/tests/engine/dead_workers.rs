//! A worker dies while it holds a claim. Another finds the claim, waits a lease, takes it over by appending an
//! item if nothing has moved, and looks for what the dead one did before it does anything itself.

use std::sync::Arc;

use lockstep::engine::Engine;
use lockstep::faults::FaultKind;
use lockstep_events::DeploymentId;

use crate::doubles::{Message, Trouble, call, commit};
use crate::stage::{LEASE, Stage, is_claimed_by};

/// Worker B receives the dead worker's message again: it asks for a takeover and does nothing else. Returns
/// the wake-up that it sent.
async fn finds_the_claim(stage: &Arc<Stage>, b: &Engine, id: DeploymentId, message: &Message) -> Message {
    let (history, services) = (stage.store.items(id), stage.wire.services());
    stage.done(b, message).await;
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services), "no write and no call");
    let sent = stage.queue.live().pop().unwrap();
    assert_eq!((sent.wake().takeover_of, sent.delay), (stage.newest(id).claim(), LEASE));
    sent
}

/// Worker B receives the takeover's wake-up with nothing moved: it claims by appending.
async fn takes_over(stage: &Arc<Stage>, b: &Engine, id: DeploymentId, takeover: &Message) {
    let before = stage.newest(id);
    assert!(is_claimed_by(&before, "a"));
    stage.clock.forward(takeover.delay);
    stage.done(b, takeover).await;
    let items = stage.store.items(id);
    let claimed = &items[usize::try_from(before.seq).unwrap()];
    assert_eq!(claimed.event, "claimed");
    assert!(is_claimed_by(claimed, "b"));
    assert!(claimed.to == before.to && claimed.detail.starts_with("taken over from"), "{claimed:?}");
}

#[tokio::test]
async fn nothing_was_sent_so_it_is_looked_for_and_sent_once() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    takes_over(&stage, &b, id, &takeover).await;
    assert_eq!((stage.wire.count("find_run"), stage.wire.count("dispatch")), (1, 1));
    let log = stage.wire.services();
    let place = |operation| log.iter().position(|sent| *sent == operation).unwrap();
    assert!(place("find_run") < place("dispatch"), "{log:?}");
    stage.up_to(&b, id, "healthy").await;
    assert_eq!(stage.forge.builds(), 1);
}

#[tokio::test]
async fn a_build_that_was_dispatched_is_adopted() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, commit("build-dispatched", "locked/awaiting-build")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    takes_over(&stage, &b, id, &takeover).await;
    assert!(stage.newest(id).detail.starts_with("found the build that was dispatched before"));
    stage.up_to(&b, id, "healthy").await;
    assert_eq!((stage.wire.count("dispatch"), stage.forge.builds()), (1, 1));
}

#[tokio::test]
async fn a_revision_that_was_registered_is_adopted() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let message = stage.only_wake(id);
    stage.dies(&a, &message, commit("revision-registered", "deploying/starting-candidate")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    takes_over(&stage, &b, id, &takeover).await;
    stage.up_to(&b, id, "healthy").await;
    assert_eq!((stage.wire.count("find_marked"), stage.wire.count("register_from")), (1, 1));
    assert_eq!(stage.cluster.primary("shop-staging"), "shop-staging:2");
}

#[tokio::test]
async fn a_rollout_that_was_started_is_adopted() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let message = stage.only_wake(id);
    stage.dies(&a, &message, commit("rollout-started", "deploying/rolling-out-candidate")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    takes_over(&stage, &b, id, &takeover).await;
    stage.up_to(&b, id, "healthy").await;
    assert_eq!((stage.wire.count("update"), stage.cluster.rollouts_of("shop-staging")), (1, 1));
}

#[tokio::test]
async fn a_rollout_that_ecs_gave_up_meanwhile_is_adopted_and_not_started_again() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let message = stage.only_wake(id);
    stage.dies(&a, &message, commit("rollout-started", "deploying/rolling-out-candidate")).await;
    stage.cluster.give_up("shop-staging");
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    takes_over(&stage, &b, id, &takeover).await;
    assert!(stage.newest(id).detail.contains("service-deployment/1"), "{}", stage.newest(id).detail);
    stage.up_to(&b, id, "rolled-back").await;
    assert_eq!(stage.cluster.primary("shop-staging"), "shop-staging:1");
    assert_eq!(stage.store.lock("staging").holder, None);
    assert!(stage.path(id).iter().any(|(event, _)| event == "rollout-failed"));
    let sent = (stage.wire.count("update"), stage.cluster.rollouts_of("shop-staging"));
    assert_eq!(sent, (1, 1), "the candidate once; the way back is ECS's own");
}

#[tokio::test]
async fn a_claim_whose_item_has_moved_on_is_not_taken_over() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    let cancel = stage.ask_to_cancel(id);
    stage.done(&b, &cancel).await;
    let moved = stage.newest(id);
    assert_eq!(moved.event, "cancel-requested");
    assert!(is_claimed_by(&moved, "a"));
    stage.clock.forward(takeover.delay);
    let again = finds_the_claim(&stage, &b, id, &takeover).await;
    assert_eq!(again.wake().takeover_of, moved.claim(), "the newer item must stand for a lease");
    takes_over(&stage, &b, id, &again).await;
    stage.up_to(&b, id, "cancelled").await;
    assert_eq!(stage.wire.count("dispatch"), 1, "it was not known whether there was a build");
}

#[tokio::test]
async fn two_workers_that_take_over_at_once_act_once() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let takeover = finds_the_claim(&stage, &b, id, &message).await;
    stage.clock.forward(takeover.delay);
    let (on, copy) = (stage.clone(), takeover.clone());
    stage.wire.before(commit("claimed", "locked/dispatching-build"), async move {
        on.done(&c, &copy).await;
    });
    stage.done(&b, &takeover).await;
    assert_eq!((stage.events(id, "claimed"), stage.wire.count("dispatch")), (1, 1));
    assert_eq!(stage.newest(id).worker, "c");
    stage.up_to(&b, id, "healthy").await;
}

#[tokio::test]
async fn a_wake_up_sent_for_a_commit_that_was_lost_permits_nothing_against_who_was_faster() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    let (id, message) = stage.ask("staging");
    let (on, redelivered) = (stage.clone(), message.clone());
    // A's call is lost; A sends the wake-up for its next item, and is overtaken before it commits that.
    stage.wire.trouble("dispatch", Trouble::after_effect(FaultKind::Connection));
    let moment = commit("transient-fault", "locked/dispatching-build");
    stage.wire.before(moment, async move {
        let sent = on.queue.live().pop().unwrap();
        on.done(&b, &redelivered).await;
        let takeover = on.queue.live().pop().unwrap();
        on.clock.forward(takeover.delay);
        // B has taken over and is about to look for what A sent, when A's wake-up arrives.
        let at = on.clone();
        on.wire.before(call("find_run"), async move {
            let taken = at.newest(id);
            assert!(is_claimed_by(&taken, "b"));
            assert_eq!(sent.wake().takeover_of.unwrap().item, taken.seq, "the number that A lost");
            at.done(&c, &sent).await;
            assert_eq!(at.newest(id), taken, "C leaves it to B");
        });
        on.done(&b, &takeover).await;
    });
    stage.done(&a, &message).await;
    assert_eq!((stage.forge.builds(), stage.newest(id).worker.as_str()), (1, "b"));
    stage.up_to(&stage.worker("b"), id, "healthy").await;
}
