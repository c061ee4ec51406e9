//! Waiting: no write, no worker and one live chain of wake-ups, however often messages come twice or late.

use lockstep::ports::Clock;
use lockstep_events::{EcsDeploymentEventName, Message as Content};

use crate::hints::event;
use crate::stage::{POLL, Stage};

#[tokio::test]
async fn looking_at_a_running_build_writes_nothing_and_keeps_one_number() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (history, sent, looked) = (stage.store.items(id), stage.wire.count("send"), stage.wire.count("run"));
    let wake = stage.only_wake(id);
    assert_eq!((wake.wake().number, wake.delay), (history.last().unwrap().wake, 3 * POLL));
    for (polls, pause) in (1..=5).zip([60, 120, 120, 120, 120]) {
        stage.next(&a).await;
        assert_eq!(stage.only_wake(id).delay.as_secs(), pause, "rarer, and not rarer than the cap");
        assert_eq!(stage.wire.count("send"), sent + polls);
        assert_eq!(stage.wire.count("run"), looked + polls);
        assert_eq!(stage.only_wake(id).wake(), wake.wake(), "the same number again");
    }
    assert_eq!(stage.store.items(id), history);
    stage.forge.hold_builds(false);
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_stale_wake_up_is_dropped_without_a_call_to_any_service() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (history, services, live) = (stage.store.items(id), stage.wire.services(), stage.queue.live());
    assert_eq!(history.last().unwrap().wake, 1);
    let stale = stage.put_wake(id, 0);
    stage.done(&a, &stale).await;
    assert_eq!(stage.store.items(id), history);
    assert_eq!((stage.wire.services(), stage.queue.live()), (services, live), "no call and no wake-up");
}

#[tokio::test]
async fn a_request_that_is_delivered_again_after_the_wake_rose_does_nothing() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (history, services, live) = (stage.store.items(id), stage.wire.services(), stage.queue.live());
    stage.done(&b, &message).await;
    assert_eq!(stage.store.items(id), history);
    assert_eq!((stage.wire.services(), stage.queue.live()), (services, live), "no call and no wake-up");
}

#[tokio::test]
async fn copies_of_a_wake_up_die_at_the_next_numbered_wait() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let wake = stage.only_wake(id);
    let copies: Vec<_> = (0..3).map(|_| stage.put(&Content::WakeUp(wake.wake()))).collect();
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, "deploying/checking-readiness");
    for copy in &copies {
        stage.done(&b, copy).await;
    }
    let left = stage.only_wake(id);
    assert_eq!(left.wake().number, wake.wake().number + 1);
    stage.up_to(&b, id, "healthy").await;
    assert_eq!(stage.queue.live(), []);
}

#[tokio::test]
async fn a_wake_up_for_a_deployment_that_has_ended_or_never_was_is_dropped() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let (history, services) = (stage.store.items(id), stage.wire.services());
    for unheard in [stage.put_wake(id, 99), stage.put_wake(crate::stage::new_id(), 1)] {
        stage.done(&a, &unheard).await;
    }
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services));
    assert_eq!(stage.queue.live(), []);
}

#[tokio::test]
async fn the_tasks_of_a_rollout_are_read_at_its_deadline_for_the_evidence_and_not_before() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.next(&a).await;
    assert_eq!(stage.wire.count("tasks"), 0, "a rollout under way says enough");
    let deadline = stage.machine(id).deadline().unwrap();
    stage.clock.forward(deadline.duration_since(stage.clock.now()).unsigned_abs());
    stage.next(&a).await;
    assert_eq!(stage.wire.count("tasks"), 1);
    let overdue = stage.store.items(id).into_iter().find(|item| item.event == "rollout-in-progress").unwrap();
    assert!(overdue.detail.contains("the rollout of the candidate has not finished"), "{}", overdue.detail);
}

#[tokio::test]
async fn a_waiting_deployment_is_looked_at_at_its_deadline_and_not_past_it() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let deadline = stage.machine(id).deadline().unwrap();
    while stage.newest(id).to == "locked/awaiting-build" {
        assert!(stage.clock.now() < deadline, "its deadline passed without a look");
        stage.next(&a).await;
    }
    assert_eq!(stage.clock.now(), deadline, "the look at the deadline was the last");
}

#[tokio::test]
async fn hints_however_many_do_not_fork_the_chain_and_number_it_once() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let before = stage.only_wake(id).wake().number;
    let hint = event(&stage, "c/shop-staging", "ecs-svc/1", EcsDeploymentEventName::Completed);
    stage.done(&b, &hint).await;
    let chain = stage.only_wake(id);
    assert_eq!(chain.wake().number, before + 1, "the first came too early: looked at again soon");
    for _ in 0..20 {
        let hint = event(&stage, "c/shop-staging", "ecs-svc/1", EcsDeploymentEventName::Completed);
        stage.done(&b, &hint).await;
        assert_eq!(stage.only_wake(id), chain);
    }
    stage.cluster.hold_rollouts(false);
    stage.clock.forward(chain.delay);
    let hint = event(&stage, "c/shop-staging", "ecs-svc/1", EcsDeploymentEventName::Completed);
    for _ in 0..3 {
        stage.deliver(&b, &hint).await.unwrap();
    }
    assert_eq!(stage.only_wake(id).wake().number, chain.wake().number + 1, "one transition, one number");
    stage.up_to(&a, id, "healthy").await;
    for left in stage.queue.live() {
        stage.done(&a, &left).await;
    }
    assert_eq!(stage.queue.live(), []);
}
