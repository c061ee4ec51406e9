//! A wish to cancel comes at any time: between an action's sending and its commit it stands first, and the
//! outcome is taken in on top of it; while something is waited for it is followed at once.

use std::sync::Arc;

use lockstep::engine::{Engine, EngineError};
use lockstep::ports::Lock;
use lockstep_events::DeploymentId;

use crate::doubles::{call, commit};
use crate::paused_workers::{SHORT, with_lease};
use crate::stage::{Stage, is_claimed_by};

/// Worker B handles a wish to cancel at this moment.
fn cancelled_at(stage: &Arc<Stage>, b: &Engine, id: DeploymentId, moment: String) {
    let (on, b) = (stage.clone(), b.clone());
    stage.wire.before(moment, async move {
        let services = on.wire.services();
        on.done(&b, &on.ask_to_cancel(id)).await;
        let noted = on.newest(id);
        assert_eq!(noted.event, "cancel-requested");
        assert!(is_claimed_by(&noted, "a"));
        assert_eq!(on.wire.services(), services, "the holder settles what is under way");
    });
}

#[tokio::test]
async fn between_a_dispatch_and_its_commit_the_outcome_is_taken_in_on_top() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    cancelled_at(&stage, &b, id, commit("build-dispatched", "locked/awaiting-build"));
    stage.done(&a, &message).await;
    let ended = stage.newest(id);
    assert_eq!((ended.event.as_str(), ended.to.as_str()), ("build-dispatched", "cancelled"));
    assert_eq!(ended.worker, "a");
    assert!(stage.machine(id).deployment().build.is_some(), "the build is known, although it is not used");
    assert_eq!((stage.wire.count("dispatch"), stage.store.lock("staging").holder), (1, None));
    for left in stage.queue.live() {
        stage.done(&b, &left).await;
    }
    assert_eq!((stage.newest(id), stage.queue.live()), (ended, vec![]));
}

#[tokio::test]
async fn between_an_update_and_its_commit_it_leads_back_to_the_last_healthy_release() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    cancelled_at(&stage, &b, id, commit("rollout-started", "deploying/rolling-out-candidate"));
    stage.up_to(&a, id, "rolling-back/rolling-out-restored").await;
    assert!(!stage.chain(id).is_empty(), "it is still woken");
    stage.up_to(&b, id, "rolled-back").await;
    assert_eq!(stage.cluster.primary("shop-staging"), "shop-staging:1");
    assert_eq!(stage.cluster.rollouts_of("shop-staging"), 2, "the candidate once, and the way back once");
    let record = stage.store.record("staging");
    assert_eq!((record.current.unwrap().task_definition.as_str(), record.dirty), ("shop-staging:1", None));
}

#[tokio::test]
async fn while_a_build_is_awaited_it_ends_at_once() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    stage.done(&b, &stage.ask_to_cancel(id)).await;
    assert_eq!(stage.newest(id).to, "cancelled");
    assert_eq!(stage.store.lock("staging").holder, None);
    let services = stage.wire.services();
    stage.next(&a).await;
    assert_eq!((stage.wire.services(), stage.queue.live()), (services, vec![]), "the old chain ends");
}

#[tokio::test]
async fn while_a_rollout_is_awaited_it_turns_back_and_keeps_one_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let old = stage.only_wake(id);
    stage.done(&b, &stage.ask_to_cancel(id)).await;
    assert_eq!(stage.newest(id).to, "rolling-back/rolling-out-restored");
    assert!(stage.only_wake(id).wake().number > old.wake().number);
    let services = stage.wire.services();
    stage.done(&a, &old).await;
    assert_eq!(stage.wire.services(), services, "the old chain ends");
    stage.cluster.hold_rollouts(false);
    stage.up_to(&b, id, "rolled-back").await;
}

#[tokio::test]
async fn completion_that_is_faster_wins() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/checking-readiness").await;
    let (on, wake) = (stage.clone(), stage.only_wake(id));
    stage.wire.before(commit("cancel-requested", "rolling-back/starting-restored"), async move {
        on.done(&a, &wake).await;
    });
    stage.done(&b, &stage.ask_to_cancel(id)).await;
    assert_eq!(stage.newest(id).to, "healthy");
    assert_eq!(stage.events(id, "cancel-requested"), 0);
    assert_eq!(
        (stage.cluster.primary("shop-staging").as_str(), stage.queue.live()),
        ("shop-staging:2", vec![])
    );
}

#[tokio::test]
async fn after_the_end_it_comes_too_late_and_is_done_with() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let history = stage.store.items(id);
    stage.done(&a, &stage.ask_to_cancel(id)).await;
    assert_eq!((stage.store.items(id), stage.queue.live()), (history, vec![]));
}

#[tokio::test]
async fn a_wish_that_overtakes_its_request_stays_in_the_queue_until_that_is_taken_up() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, request) = stage.ask("staging");
    let wish = stage.ask_to_cancel(id);
    for _ in 0..3 {
        let early = stage.deliver(&b, &wish).await.unwrap_err();
        assert!(
            matches!(early, EngineError::NotYetKnown(unknown) if unknown == id) && early.is_transient(),
            "{early}"
        );
        assert_eq!(stage.queue.live(), [request.clone(), wish.clone()], "nothing is lost");
    }
    stage.done(&a, &request).await;
    stage.done(&b, &wish).await;
    assert_eq!((stage.newest(id).to.as_str(), stage.store.lock("staging").holder), ("cancelled", None));
}

#[tokio::test]
async fn an_end_whose_lock_somebody_removed_by_hand_is_not_written() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let history = stage.store.items(id);
    let free = Lock { holder: None, since: None, actor: None, ..stage.store.lock("staging") };
    stage.store.set_lock("staging", free);
    let error = stage.deliver(&a, &stage.ask_to_cancel(id)).await.unwrap_err();
    assert!(matches!(error, EngineError::Inconsistent { .. }) && !error.is_transient(), "{error}");
    assert!(error.to_string().contains("its environment's lock is not held by it any more"), "{error}");
    assert_eq!(stage.store.items(id), history);
}

/// Whoever lost the renewal no longer knows how long its claim protects it: a takeover, a lease later, settles it.
#[tokio::test]
async fn a_wish_that_comes_before_a_claim_is_renewed_is_left_to_a_takeover() {
    let stage = Stage::new();
    let (a, b) = (with_lease(&stage, "a", SHORT, SHORT / 4), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    cancelled_at(&stage, &b, id, commit("claim-renewed", "locked/dispatching-build"));
    let on = stage.clone();
    stage.wire.before(commit("environment-inspected", "locked/dispatching-build"), async move {
        let at = on.clone();
        on.wire.before(call("default_branch"), async move { at.clock.forward(SHORT) });
    });
    stage.done(&a, &message).await;
    let noted = stage.newest(id);
    assert_eq!((noted.event.as_str(), stage.wire.count("dispatch")), ("cancel-requested", 0));
    let takeover = stage.only_wake(id);
    assert!(takeover.wake().takeover_of.is_some() && takeover.delay >= SHORT, "{takeover:?}");
    stage.up_to(&b, id, "cancelled").await;
    assert!(stage.wire.count("dispatch") <= 1 && stage.forge.builds() == stage.wire.count("dispatch"));
}
