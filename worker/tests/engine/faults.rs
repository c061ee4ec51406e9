//! Services that fail in the middle of an action. What may have happened is waited out and looked for; what
//! certainly did not may be tried again by anybody; and no wait outlasts the state's deadline.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lockstep::engine::Engine;
use lockstep::faults::FaultKind;
use lockstep::ports::Clock as _;

use crate::doubles::Trouble;
use crate::stage::{LEASE, Stage, is_claimed_by};

#[tokio::test]
async fn a_call_that_timed_out_after_its_effect_is_adopted_a_lease_later() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::after_effect(FaultKind::TimedOut));
    stage.done(&a, &message).await;
    let noted = stage.newest(id);
    assert_eq!(noted.event, "transient-fault");
    assert!(is_claimed_by(&noted, "a"));
    let wake = stage.only_wake(id);
    assert_eq!((wake.wake().takeover_of, wake.delay), (noted.claim(), LEASE));
    let next_try = stage.machine(id).not_before().unwrap();
    assert!(next_try >= stage.clock.now() + SignedDuration::try_from(LEASE).unwrap(), "not within a lease");
    stage.next(&b).await;
    assert_eq!((stage.wire.count("dispatch"), stage.forge.builds()), (1, 1));
    let newest = stage.newest(id);
    assert!(newest.detail.starts_with("found the build"), "{}", newest.detail);
    stage.up_to(&b, id, "healthy").await;
}

#[tokio::test]
async fn a_takeovers_wake_up_that_comes_too_early_goes_on_waiting_with_its_permission() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::after_effect(FaultKind::Unavailable));
    stage.done(&a, &message).await;
    let (history, services, early) = (stage.store.items(id), stage.wire.services(), stage.only_wake(id));
    stage.clock.forward(LEASE / 3);
    stage.done(&b, &early).await;
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
    let rest = stage.only_wake(id);
    assert_eq!((rest.wake(), rest.delay), (early.wake(), LEASE - LEASE / 3));
    stage.next(&b).await;
    assert_eq!(stage.newest(id).to, "locked/awaiting-build");
    assert_eq!(stage.wire.count("dispatch"), 1);
}

#[tokio::test]
async fn a_call_that_broke_before_its_effect_is_looked_for_and_sent_again() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Connection));
    stage.done(&a, &message).await;
    assert_eq!(stage.only_wake(id).delay, LEASE);
    stage.next(&b).await;
    assert_eq!((stage.wire.count("find_run"), stage.wire.count("dispatch")), (1, 2));
    stage.up_to(&b, id, "healthy").await;
    assert_eq!(stage.forge.builds(), 1);
}

#[tokio::test]
async fn a_throttled_call_releases_the_claim_and_is_tried_again_by_anybody() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Throttled));
    stage.done(&a, &message).await;
    let noted = stage.newest(id);
    assert_eq!((noted.event.as_str(), noted.claim), ("transient-fault", None));
    let wake = stage.only_wake(id);
    assert_eq!(wake.wake().takeover_of, None);
    assert!(wake.delay < LEASE, "{:?}", wake.delay);
    stage.next(&b).await;
    assert_eq!((stage.newest(id).to.as_str(), stage.forge.builds()), ("locked/awaiting-build", 1));
    assert_eq!(stage.events(id, "claimed"), 1, "the new try was claimed first");
    stage.up_to(&b, id, "healthy").await;
}

#[tokio::test]
async fn after_the_budgets_last_ambiguous_fault_the_way_back_begins_only_a_lease_later() {
    let stage = Stage::new();
    let mut world = stage.world("a");
    world.policy.retry.budget = 0;
    let (a, b) = (Engine::new(Arc::new(world)), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    stage.wire.trouble("update", Trouble::after_effect(FaultKind::TimedOut));
    stage.next(&a).await;
    let turned = stage.newest(id);
    assert_eq!(turned.to, "rolling-back/starting-restored");
    assert!(is_claimed_by(&turned, "a"), "what was sent may still arrive");
    let (wake, services) = (stage.only_wake(id), stage.wire.services());
    assert_eq!((wake.wake().takeover_of, wake.delay), (turned.claim(), LEASE));
    assert_eq!(*services.last().unwrap(), "update", "nothing was done on the way back yet");
    stage.done(&b, &stage.put_wake(id, turned.wake)).await;
    assert_eq!((stage.wire.services(), stage.newest(id).seq), (services, turned.seq), "nor by another");
    stage.up_to(&b, id, "rolled-back").await;
    assert_eq!(stage.cluster.primary("shop-staging"), "shop-staging:1");
    assert_eq!(stage.cluster.rollouts_of("shop-staging"), 2, "the candidate once, and the way back once");
}

#[tokio::test]
async fn a_wait_that_a_service_asks_for_is_cut_to_the_deadline() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let throttled = Trouble::without_effect(FaultKind::Throttled).asking_for(Duration::from_secs(100_000));
    stage.wire.trouble("dispatch", throttled.clone());
    stage.done(&a, &message).await;
    let deadline = stage.machine(id).deadline().unwrap();
    assert_eq!(stage.machine(id).not_before(), Some(deadline));
    stage.wire.trouble("dispatch", throttled);
    while stage.clock.now() < deadline {
        assert_eq!(stage.wire.count("dispatch"), 1, "not before it may");
        stage.next(&b).await;
    }
    assert_eq!(stage.clock.now(), deadline, "looked at in time, although it was asked to wait longer");
    assert_eq!(stage.wire.count("dispatch"), 2, "one last try");
    assert_eq!(stage.newest(id).to, "failed");
    assert_eq!(stage.store.lock("staging").holder, None);
}

#[tokio::test]
async fn a_permanent_fault_ends_it_with_the_services_words() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Denied));
    stage.done(&a, &message).await;
    let ended = stage.newest(id);
    assert_eq!((ended.event.as_str(), ended.to.as_str()), ("permanent-fault", "failed"));
    assert!(ended.detail.contains("dispatch failed: trouble that a test made"), "{}", ended.detail);
    assert_eq!((stage.store.lock("staging").holder, stage.queue.live().len()), (None, 0));
}

#[tokio::test]
async fn a_read_that_fails_while_waiting_keeps_one_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    stage.wire.trouble("run", Trouble::without_effect(FaultKind::Unavailable));
    let before = stage.only_wake(id).wake();
    stage.next(&b).await;
    assert_eq!(stage.newest(id).event, "transient-fault");
    let wake = stage.only_wake(id).wake();
    assert_eq!((wake.number, wake.takeover_of), (before.number + 1, None));
    stage.up_to(&a, id, "healthy").await;
}
