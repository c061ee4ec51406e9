//! One deployment per environment: who finds the lock held is rejected with the holder's name, in a write that
//! finds it held; a lock that is let go in between is taken instead. No read before a write decides.

use lockstep::engine::EngineError;
use lockstep::faults::FaultKind;
use lockstep::ports::{Lock, Store as _, Summary};

use crate::doubles::{Message, call};
use crate::stage::{BETA, Stage};

/// Nobody holds it; the last one had this token.
fn free(token: u64) -> Lock {
    Lock { holder: None, token, since: None, actor: None, hold: None }
}

#[tokio::test]
async fn a_held_lock_rejects_with_the_holder_and_since_when() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (holder, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (id, message) = stage.ask("staging");
    stage.done(&b, &message).await;
    let text = format!(
        "Another staging deployment is already in progress. Please wait for it to complete. \
         (deployment {holder} by alice since 2026-11-23T09:00:00Z)"
    );
    let items = stage.store.items(id);
    assert_eq!(items.len(), 1);
    assert_eq!((items[0].to.as_str(), items[0].event.as_str()), ("rejected", "lock-held"));
    assert_eq!(items[0].detail, text);
    let list = listed(&stage).await;
    let line = list.iter().find(|line| line.id == id).unwrap();
    assert_eq!((line.outcome.as_deref(), line.reason.as_deref()), (Some("rejected"), Some(text.as_str())));
    assert_eq!(stage.store.lock("staging").holder, Some(holder));
    stage.done(&b, &message).await;
    assert_eq!(stage.store.items(id), items, "delivered again, it is rejected already");
}

#[tokio::test]
async fn a_lock_that_is_released_between_the_condition_and_the_rejection_is_taken() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (holder, _) = stage.ask("staging");
    stage.up_to(&a, holder, "deploying/checking-readiness").await;
    let (id, message) = stage.ask("staging");
    let (on, last) = (stage.clone(), stage.only_wake(holder));
    stage.wire.before(call("reject"), async move { on.done(&a, &last).await });
    stage.done(&b, &message).await;
    assert_eq!(stage.newest(holder).to, "healthy");
    assert_eq!(stage.store.items(id)[0].to, "locked/checking-source", "it was not rejected");
    let lock = stage.store.lock("staging");
    assert_eq!((lock.holder, lock.token), (Some(id), 2));
    assert_eq!(stage.machine(id).deployment().token, 2);
}

#[tokio::test]
async fn a_token_that_rose_after_it_was_read_is_read_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    let on = stage.clone();
    stage.wire.before(call("open"), async move { on.store.set_lock("staging", free(6)) });
    stage.done(&a, &message).await;
    assert_eq!(stage.wire.count("open"), 2);
    assert_eq!((stage.store.lock("staging").token, stage.store.lock("staging").holder), (7, Some(id)));
}

#[tokio::test]
async fn a_lock_that_never_stands_still_leaves_the_request_for_a_later_try() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    for token in 1..=8 {
        let on = stage.clone();
        stage.wire.before(call("open"), async move { on.store.set_lock("staging", free(token)) });
    }
    let error = stage.deliver(&a, &message).await.unwrap_err();
    let EngineError::Fault(fault) = &error else { panic!("{error}") };
    assert_eq!((fault.kind, error.is_transient()), (FaultKind::Contended, true));
    assert_eq!((stage.store.items(id).len(), stage.queue.live()), (0, vec![message.clone()]));
    stage.done(&a, &message).await;
    assert_eq!(stage.store.lock("staging").holder, Some(id));
}

#[tokio::test]
async fn of_two_requests_at_once_one_deploys_and_one_is_rejected() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let ((slow, slow_message), (fast, fast_message)) = (stage.ask("staging"), stage.ask("staging"));
    let on = stage.clone();
    stage.wire.before(call("open"), async move { on.done(&b, &fast_message).await });
    stage.done(&a, &slow_message).await;
    assert_eq!(stage.newest(slow).to, "rejected");
    assert_eq!(stage.newest(fast).to, "locked/awaiting-build");
    assert_eq!(stage.forge.builds(), 1);
}

#[tokio::test]
async fn a_lock_that_somebody_removed_by_hand_is_not_closed_over() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/checking-readiness").await;
    let lock = stage.store.lock("staging");
    stage.store.set_lock("staging", free(lock.token));
    let wake: Message = stage.only_wake(id);
    let error = stage.deliver(&a, &wake).await.unwrap_err();
    assert!(matches!(error, EngineError::Inconsistent { .. }) && !error.is_transient(), "{error}");
    assert_eq!(stage.newest(id).to, "deploying/checking-readiness");
    stage.store.set_lock("staging", lock);
    stage.up_to(&a, id, "healthy").await;
}

async fn listed(stage: &Stage) -> Vec<Summary> {
    use lockstep::ports::Store as _;
    let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
    stage.store.deployments(&application, &environment, 10).await.unwrap()
}

#[tokio::test]
async fn the_environments_list_says_what_became_of_each_request_and_why() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (first, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let taken = &stage.store.items(first)[0];
    assert_eq!(taken.detail, "staging is locked for the default branch");
    let (second, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    stage.forge.conclude_builds("failure");
    stage.up_to(&a, first, "failed").await;
    let environment = "staging".parse().unwrap();
    let listed = stage.store.deployments(&"shop".parse().unwrap(), &environment, 10).await.unwrap();
    let told: Vec<_> =
        listed.iter().map(|one| (one.id, one.outcome.as_deref(), one.reason.as_deref())).collect();
    let (why_rejected, why_failed) =
        (stage.newest(second).detail, stage.machine(first).ending().unwrap().summary);
    assert_eq!(
        told,
        [
            (second, Some("rejected"), Some(why_rejected.as_str())),
            (first, Some("failed"), Some(why_failed.as_str()))
        ]
    );
    assert!(why_rejected.contains("already in progress") && why_failed.contains("failure"));
    let beta = stage.store.beta(&"shop".parse().unwrap(), &BETA.parse().unwrap()).await.unwrap();
    assert_eq!(beta, None, "only what was healthy is validated");
}
