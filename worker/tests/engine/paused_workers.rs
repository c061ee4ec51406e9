//! A worker is paused for longer than its claim lasts, and wakes up believing that it still holds it. Its own
//! clock keeps it from sending anything, and its commit finds its number taken: the other's outcome stands.

use std::sync::Arc;
use std::time::Duration;

use lockstep::engine::Engine;

use crate::doubles::{Message, call, commit};
use crate::stage::Stage;
use crate::unlocking::stopped_at;

/// Short enough to be slept through.
pub(crate) const SHORT: Duration = Duration::from_millis(20);

/// A worker whose claims last this long.
pub(crate) fn with_lease(stage: &Stage, name: &str, lease: Duration, call_timeout: Duration) -> Engine {
    let mut world = stage.world(name);
    (world.settings.lease, world.settings.call_timeout) = (lease, call_timeout);
    Engine::new(Arc::new(world))
}

/// Worker B has the redelivered message, then the takeover's wake-up a lease later.
async fn is_overtaken(stage: &Stage, b: &Engine, message: &Message) {
    stage.done(b, message).await;
    let takeover = stage.queue.live().pop().unwrap();
    assert!(takeover.wake().takeover_of.is_some());
    stage.clock.forward(takeover.delay);
    stage.done(b, &takeover).await;
}

#[tokio::test]
async fn paused_before_its_call_it_sends_nothing() {
    let stage = Stage::new();
    let (a, b) = (with_lease(&stage, "a", SHORT, SHORT / 4), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let (on, redelivered) = (stage.clone(), message.clone());
    // The last read before the build is dispatched.
    stage.wire.before(commit("environment-inspected", "locked/dispatching-build"), async move {
        let at = on.clone();
        on.wire.before(call("default_branch"), async move {
            tokio::time::sleep(SHORT).await;
            is_overtaken(&at, &b, &redelivered).await;
        });
    });
    stage.done(&a, &message).await;
    assert_eq!((stage.wire.count("dispatch"), stage.forge.builds()), (1, 1));
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("locked/awaiting-build", "b"));
    assert_eq!(stage.events(id, "claim-renewed"), 0, "its commit was lost");
    let services = stage.wire.services();
    let dispatched = services.iter().position(|operation| *operation == "dispatch").unwrap();
    assert_eq!(
        services[dispatched + 1..],
        ["default_branch"],
        "the read that A was paused in, and no change"
    );
    assert_eq!(stage.only_wake(id).wake().number, newest.wake);
    stage.up_to(&stage.worker("b"), id, "healthy").await;
}

#[tokio::test]
async fn paused_before_its_commit_it_loses_it_and_the_others_outcome_stands() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let (on, redelivered) = (stage.clone(), message.clone());
    stage.wire.before(commit("build-dispatched", "locked/awaiting-build"), async move {
        is_overtaken(&on, &b, &redelivered).await;
    });
    stage.done(&a, &message).await;
    assert_eq!((stage.wire.count("dispatch"), stage.events(id, "build-dispatched")), (1, 1));
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("locked/awaiting-build", "b"));
    let chain = stage.chain(id);
    let numbers: Vec<_> = chain.iter().map(|message| message.wake().number).collect();
    assert_eq!(numbers, [newest.wake; 2], "a fork of two copies, until the next numbered wait");
    let c = stage.worker("c");
    stage.up_to(&c, id, "deploying/rolling-out-candidate").await;
    for copy in &chain {
        stage.done(&c, copy).await;
    }
    stage.only_wake(id);
    stage.up_to(&c, id, "healthy").await;
}

#[tokio::test]
async fn without_time_left_for_a_call_the_claim_is_renewed_and_still_nothing_is_sent() {
    let stage = Stage::new();
    let never = with_lease(&stage, "a", SHORT, SHORT);
    let (id, message) = stage.ask("staging");
    stage.done(&never, &message).await;
    assert_eq!(stage.wire.count("dispatch"), 0);
    let path = stage.path(id);
    let last: Vec<_> = path[path.len() - 2..].iter().map(|(event, _)| event.as_str()).collect();
    assert_eq!(last, ["claim-renewed", "transient-fault"]);
    assert!(stage.newest(id).detail.contains("so nothing was sent"), "{}", stage.newest(id).detail);
    stage.only_wake(id);
    stage.up_to(&stage.worker("b"), id, "healthy").await;
    assert_eq!(stage.wire.count("dispatch"), 1);
}

#[tokio::test]
async fn paused_before_its_commit_it_does_not_commit_on_top_of_a_claim_that_is_not_its_own() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    let (id, message) = stage.ask("staging");
    let moment = commit("build-dispatched", "locked/awaiting-build");
    stopped_at(&stage, &a, &message, moment, async {
        stage.done(&b, &message).await;
        let takeover = stage.queue.live().pop().unwrap();
        stage.clock.forward(takeover.delay);
        // B has the claim, in the same state, and has not looked yet.
        stage.dies(&b, &takeover, call("find_run")).await;
    })
    .await;
    assert_eq!(stage.newest(id).event, "claimed", "{:#?}", stage.path(id));
    assert_eq!(stage.events(id, "build-dispatched"), 0, "its commit was lost");
    stage.up_to(&c, id, "healthy").await;
    assert_eq!((stage.forge.builds(), stage.events(id, "claimed")), (1, 2));
}
