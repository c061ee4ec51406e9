//! Hints that come before there is anything to see: ECS tells of an end while its own reads still show the old tasks, and the
//! build workflow before its run is over. They must not be spent, and many of them must not become many looks or messages.

use std::sync::Arc;
use std::time::Duration;

use lockstep::engine::Engine;
use lockstep::ports::Clock as _;
use lockstep_events::DeploymentId;

use crate::doubles::call;
use crate::hints::{CAP, built, hint};
use crate::stage::Stage;

/// Half a poll.
const SOON: Duration = Duration::from_secs(5);

const ROLLING_OUT: &str = "deploying/rolling-out-candidate";

/// A candidate that has been rolling out for ten minutes, so that looks without a hint are as rare as they get.
async fn rolling_out(stage: &Arc<Stage>, engine: &Engine) -> DeploymentId {
    stage.cluster.hold_rollouts(true);
    let (id, _) = stage.ask("staging");
    stage.up_to(engine, id, ROLLING_OUT).await;
    let begun = stage.clock.now();
    while stage.clock.now().duration_since(begun).as_secs() < 600 {
        stage.next(engine).await;
    }
    assert_eq!(stage.only_wake(id).delay, CAP);
    id
}

#[tokio::test]
async fn a_hint_that_finds_nothing_yet_has_the_next_look_come_soon_on_the_one_chain() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let id = rolling_out(&stage, &a).await;
    let (old, looked, written) =
        (stage.only_wake(id), stage.wire.count("rollouts"), stage.store.items(id).len());
    stage.done(&b, &hint(&stage, "c/shop-staging")).await;
    assert_eq!(stage.wire.count("rollouts"), looked + 1, "it looked");
    let newest = stage.newest(id);
    assert_eq!((newest.event.as_str(), newest.to.as_str()), ("news-too-early", ROLLING_OUT));
    assert_eq!(stage.store.items(id).len(), written + 1);
    let soon = stage.only_wake(id);
    assert_eq!((soon.wake().number, soon.delay), (old.wake().number + 1, SOON));
    stage.done(&a, &old).await;
    assert_eq!(stage.wire.count("rollouts"), looked + 1, "what would have come late is stale");
    // As long again as has passed since the hint, up to the cap.
    for (passed, pause) in [(5, 5), (10, 10), (20, 20), (40, 40), (80, 80), (160, 120), (280, 120)] {
        stage.next(&a).await;
        assert_eq!(stage.only_wake(id).delay, Duration::from_secs(pause), "after {passed} s");
    }
    assert_eq!(stage.store.items(id).len(), written + 1, "a look writes nothing");
}

#[tokio::test]
async fn an_end_that_is_shown_after_its_event_is_seen_before_as_much_time_has_passed_again() {
    for lag in [2, 17, 60, 100] {
        let stage = Stage::new();
        let a = stage.worker("a");
        let id = rolling_out(&stage, &a).await;
        let told = stage.clock.now();
        stage.done(&a, &hint(&stage, "c/shop-staging")).await;
        let passed = || stage.clock.now().duration_since(told).as_secs();
        while stage.newest(id).to == ROLLING_OUT {
            let wake = stage.only_wake(id);
            let due = passed() + i64::try_from(wake.delay.as_secs()).unwrap();
            stage.clock.forward(wake.delay);
            stage.cluster.hold_rollouts(due < lag);
            stage.done(&a, &wake).await;
        }
        assert_eq!(stage.newest(id).to, "deploying/checking-readiness");
        assert!(passed() <= (2 * lag).max(5), "shown after {lag} s, seen after {} s", passed());
        stage.up_to(&a, id, "healthy").await;
    }
}

#[tokio::test]
async fn the_end_of_a_build_that_github_does_not_show_yet_is_looked_for_again_soon() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    stage.clock.forward(Duration::from_mins(10));
    stage.done(&a, &built(&stage, id, 100)).await;
    assert_eq!(stage.only_wake(id).delay, SOON);
    stage.forge.hold_builds(false);
    stage.clock.forward(SOON);
    stage.done(&a, &stage.only_wake(id)).await;
    assert_eq!(stage.newest(id).to, ROLLING_OUT);
    assert_eq!(stage.events(id, "news-too-early"), 1);
}

#[tokio::test]
async fn the_same_hint_again_and_again_is_looked_after_ever_more_rarely() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let id = rolling_out(&stage, &a).await;
    let (looked, sent) = (stage.wire.count("rollouts"), stage.wire.count("send"));
    for _ in 0..20 {
        stage.done(&a, &hint(&stage, "c/shop-staging")).await;
    }
    assert_eq!(stage.wire.count("rollouts"), looked + 1, "one look for twenty at once");
    assert_eq!(stage.wire.count("send"), sent + 1, "and one message");
    // One a second for ten minutes, and no wake-up in between.
    for _ in 0..600 {
        stage.clock.forward(Duration::from_secs(1));
        stage.done(&a, &hint(&stage, "c/shop-staging")).await;
    }
    // After 5, 15, 35, 75, 155, 275, 395 and 515 s.
    assert_eq!(stage.wire.count("rollouts"), looked + 9);
    stage.only_wake(id);
    stage.cluster.hold_rollouts(false);
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn hints_at_the_same_moment_send_one_message() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let id = rolling_out(&stage, &a).await;
    let (on, again) = (stage.clone(), hint(&stage, "c/shop-staging"));
    let sent = stage.wire.count("send");
    // While the one looks, the other handles the same event.
    stage.wire.before(call("rollouts"), async move { on.done(&b, &again).await });
    stage.done(&a, &hint(&stage, "c/shop-staging")).await;
    assert_eq!(stage.wire.count("send"), sent + 1);
    assert_eq!(stage.events(id, "news-too-early"), 1);
    stage.only_wake(id);
}
