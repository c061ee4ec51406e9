//! The reconciler: a deployment whose wake-ups were lost goes on, whoever looks and however many do; one that
//! is looked after by its own wake-ups is not disturbed.

use lockstep::engine::Reconciler;
use lockstep::faults::FaultKind;

use crate::doubles::{Trouble, commit};
use crate::stage::{LEASE, Stage, is_claimed_by};

#[tokio::test]
async fn a_deployment_without_a_wake_up_goes_on_at_the_second_scan_and_wakes_itself_again() {
    let stage = Stage::new();
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    stage.queue.purge();
    let (history, services) = (stage.store.items(id), stage.wire.services());
    let mut reconciler = Reconciler::new(stage.worker("b"));
    assert_eq!(reconciler.scan().await.unwrap(), 1, "only staging is locked");
    assert_eq!((stage.store.items(id), stage.wire.services()), (history, services), "seen, not touched");
    assert_eq!(reconciler.scan().await.unwrap(), 1);
    assert_eq!(stage.newest(id).to, "deploying/rolling-out-candidate");
    assert_eq!(stage.only_wake(id).wake().number, stage.newest(id).wake);
    stage.up_to(&stage.worker("b"), id, "healthy").await;
    assert_eq!((reconciler.scan().await.unwrap(), stage.forge.builds()), (0, 1));
}

#[tokio::test]
async fn scans_of_a_deployment_that_only_waits_send_and_write_nothing() {
    let stage = Stage::new();
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let (history, wake) = (stage.store.items(id), stage.only_wake(id));
    let mut reconcilers = ["a", "b", "c"].map(|name| Reconciler::new(stage.worker(name)));
    for _ in 0..4 {
        for reconciler in &mut reconcilers {
            assert_eq!(reconciler.scan().await.unwrap(), 1);
        }
        stage.clock.forward(LEASE);
    }
    assert_eq!((stage.store.items(id), stage.only_wake(id)), (history, wake));
}

#[tokio::test]
async fn a_dead_holders_claim_is_taken_over_after_a_lease_without_any_message() {
    let stage = Stage::new();
    let (id, message) = stage.ask("staging");
    let moment = commit("build-dispatched", "locked/awaiting-build");
    stage.dies(&stage.worker("a"), &message, moment).await;
    stage.queue.purge();
    assert!(is_claimed_by(&stage.newest(id), "a"));
    let mut reconciler = Reconciler::new(stage.worker("b"));
    reconciler.scan().await.unwrap();
    stage.clock.forward(LEASE / 2);
    reconciler.scan().await.unwrap();
    assert!(is_claimed_by(&stage.newest(id), "a"), "it may be alive");
    stage.clock.forward(LEASE / 2);
    reconciler.scan().await.unwrap();
    let newest = stage.newest(id);
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("locked/awaiting-build", "b"));
    assert_eq!((stage.events(id, "claimed"), stage.forge.builds()), (1, 1), "its build was adopted");
    stage.up_to(&stage.worker("b"), id, "healthy").await;
}

#[tokio::test]
async fn a_holder_that_moved_between_the_scans_keeps_its_claim() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let mut reconciler = Reconciler::new(b);
    let (on, at) = (stage.clone(), commit("tags-moved", "built/publishing-release"));
    stage.up_to(&a, id, "locked/awaiting-build").await;
    reconciler.scan().await.unwrap();
    stage.wire.before(at, async move {
        on.clock.forward(LEASE);
        reconciler.scan().await.unwrap();
    });
    stage.up_to(&a, id, "healthy").await;
    assert_eq!(stage.events(id, "claimed"), 0);
    let _ = message;
}

#[tokio::test]
async fn one_environment_that_cannot_be_looked_at_hides_none_of_the_others() {
    let stage = Stage::new();
    let (_, message) = stage.ask("staging");
    stage.done(&stage.worker("a"), &message).await;
    let mut reconciler = Reconciler::new(stage.worker("b"));
    // Looked at in the order of their names: fresh, preview, production, staging.
    stage.wire.trouble("environment", Trouble::without_effect(FaultKind::Unavailable));
    assert_eq!(reconciler.scan().await.unwrap(), 1);
    for _environment in 0..4 {
        stage.wire.trouble("environment", Trouble::without_effect(FaultKind::Unavailable));
    }
    assert!(reconciler.scan().await.unwrap_err().is_transient(), "nothing could be seen");
}
