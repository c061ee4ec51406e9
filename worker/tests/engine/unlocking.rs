//! An operator breaks the glass: refused while a worker is seen to work, and whatever is under way has arrived
//! or never will before the lock goes. Whoever comes too late, the operator or the old holder, changes nothing.

use std::sync::Arc;
use std::time::Duration;

use lockstep::engine::{Engine, Reconciler, UnlockProgress, UnlockRefused, UnlockWish, Unlocked};
use lockstep::faults::FaultKind;
use lockstep::ports::{Clock as _, Lock};
use lockstep_events::DeploymentId;
use lockstep_state_machines::FailureCode;
use tokio::sync::oneshot;

use crate::doubles::{Message, Trouble, call, commit};
use crate::stage::{LEASE, Stage, is_claimed_by};

pub(crate) fn wish() -> UnlockWish {
    UnlockWish {
        application: "shop".parse().unwrap(),
        environment: "staging".parse().unwrap(),
        actor: "olga".to_owned(),
        reason: "it hangs".parse().unwrap(),
        token: None,
        force: false,
    }
}

pub(crate) fn by_force() -> UnlockWish {
    UnlockWish { force: true, ..wish() }
}

/// Unlocks while time passes.
pub(crate) async fn unlock(stage: &Stage, operator: &Engine, wish: &UnlockWish) -> Unlocked {
    let passing = async {
        loop {
            tokio::task::yield_now().await;
            stage.clock.forward(Duration::from_secs(1));
        }
    };
    let mut ignore = |_: UnlockProgress<'_>| {};
    tokio::select! {
        biased;
        unlocked = operator.unlock(wish, &mut ignore) => unlocked.unwrap(),
        () = passing => unreachable!("time passes for ever"),
    }
}

/// Fails unless the environment was unlocked: ended, free, and unverified.
pub(crate) fn is_unlocked(stage: &Stage, id: DeploymentId, unlocked: &Unlocked) {
    let last = stage.newest(id);
    assert_eq!(*unlocked, Unlocked::Done(Box::new(last.clone())));
    assert_eq!((last.to.as_str(), last.terminal, last.claim), ("failed", true, None));
    let lock = stage.store.lock("staging");
    assert_eq!((lock.holder, lock.token), (None, 1), "released, and the token stays");
    let record = stage.store.record("staging");
    assert_eq!(record.current, None);
    assert!(record.last_healthy.is_some(), "still known");
    let dirty = record.dirty.unwrap();
    assert!(dirty.contains("unlocked by olga: it hangs"), "{dirty}");
}

/// Lets worker A hold the claim, stopped at a moment until it is let go.
pub(crate) async fn stopped_at(
    stage: &Arc<Stage>,
    a: &Engine,
    message: &Message,
    moment: String,
    meanwhile: impl Future<Output = ()>,
) {
    let (let_go, gone) = oneshot::channel::<()>();
    let (stopping, stopped) = oneshot::channel();
    stage.wire.before(moment, async move {
        stopping.send(()).unwrap();
        gone.await.unwrap();
    });
    let operating = async {
        stopped.await.unwrap();
        meanwhile.await;
        let_go.send(()).unwrap();
    };
    tokio::join!(stage.done(a, message), operating);
}

#[tokio::test]
async fn a_holder_that_works_on_is_not_unlocked() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let moment = commit("build-dispatched", "locked/awaiting-build");
    let (looking, looked) = oneshot::channel();
    let mut looking = Some(looking);
    let mut listen = |progress: UnlockProgress<'_>| {
        if let UnlockProgress::Watching(..) = progress
            && let Some(looking) = looking.take()
        {
            looking.send(()).unwrap();
        }
    };
    let wish = wish();
    let unlocking = b.unlock(&wish, &mut listen);
    let working = stopped_at(&stage, &a, &message, moment, async {
        looked.await.unwrap();
        stage.clock.forward(LEASE / 2);
    });
    let begin = async {
        // The operator begins once the worker is stopped with its claim.
        while !stage.store.items(id).last().is_some_and(|newest| is_claimed_by(newest, "a")) {
            tokio::task::yield_now().await;
        }
        unlocking.await.unwrap()
    };
    let then = async {
        working.await;
        stage.clock.forward(LEASE / 2);
    };
    let (unlocked, ()) = tokio::join!(begin, then);
    let newest = stage.newest(id);
    assert_eq!(unlocked, Unlocked::Refused(UnlockRefused::Alive { worker: "a".to_owned(), seq: newest.seq }));
    assert_eq!((newest.to.as_str(), newest.worker.as_str()), ("locked/awaiting-build", "a"));
    assert_eq!(stage.store.lock("staging").holder, Some(id));
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_dead_holder_is_watched_for_a_lease_and_then_ended() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    let begun = stage.clock.lived();
    let unlocked = unlock(&stage, &b, &wish()).await;
    assert!(stage.clock.lived() - begun >= LEASE);
    is_unlocked(&stage, id, &unlocked);
    assert_eq!(stage.machine(id).deployment().failure.as_ref().unwrap().code, FailureCode::Unlocked);
    assert_eq!(stage.wire.services().iter().filter(|call| **call == "dispatch").count(), 0);
    for left in stage.queue.live() {
        stage.done(&b, &left).await;
    }
    assert_eq!(stage.queue.live(), vec![], "its messages have nothing left to do");
}

#[tokio::test]
async fn what_was_begun_is_retired_and_nothing_is_put_back() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let message = stage.only_wake(id);
    stage.dies(&a, &message, commit("rollout-started", "deploying/rolling-out-candidate")).await;
    let unlocked = unlock(&stage, &b, &wish()).await;
    is_unlocked(&stage, id, &unlocked);
    let path = stage.path(id);
    let states: Vec<_> = path.iter().rev().take(3).map(|(event, to)| (event.as_str(), to.as_str())).collect();
    assert_eq!(
        states,
        [
            ("revisions-retired", "failed"),
            ("claimed", "rolling-back/retiring-revisions"),
            ("unlocked", "rolling-back/retiring-revisions"),
        ]
    );
    assert_eq!((stage.wire.count("deregister"), stage.wire.count("update")), (1, 1));
    assert_eq!(stage.cluster.primary("shop-staging"), "shop-staging:2", "left as it stood");
}

#[tokio::test]
async fn a_deployment_that_nobody_has_claimed_is_ended_at_once() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let begun = stage.clock.lived();
    let unlocked = b.unlock(&wish(), &mut |_| {}).await.unwrap();
    assert_eq!(stage.clock.lived(), begun);
    is_unlocked(&stage, id, &unlocked);
    let services = stage.wire.services();
    stage.next(&a).await;
    assert_eq!((stage.wire.services(), stage.queue.live()), (services, vec![]), "its chain ends");
}

#[tokio::test]
async fn completion_that_is_faster_wins() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let (on, wake) = (stage.clone(), stage.only_wake(id));
    stage.wire.before(commit("unlocked", "rolling-back/retiring-revisions"), async move {
        on.done(&a, &wake).await;
        on.up_to(&a, id, "healthy").await;
    });
    let unlocked = b.unlock(&wish(), &mut |_| {}).await.unwrap();
    assert_eq!(unlocked, Unlocked::Ended(Box::new(stage.newest(id))));
    assert_eq!((stage.newest(id).to.as_str(), stage.events(id, "unlocked")), ("healthy", 0));
    assert_eq!((stage.store.record("staging").dirty, stage.wire.count("deregister")), (None, 0));
}

#[tokio::test]
async fn completion_that_is_slower_loses() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    let on = stage.clone();
    let (said, saw) = oneshot::channel();
    stage.wire.before(commit("verified", "healthy"), async move {
        said.send(b.unlock(&wish(), &mut |_| {}).await.unwrap()).unwrap();
        assert_eq!(on.newest(id).to, "failed");
    });
    stage.up_to(&a, id, "failed").await;
    let unlocked = saw.await.unwrap();
    is_unlocked(&stage, id, &unlocked);
    assert_eq!(stage.events(id, "verified"), 0);
}

#[tokio::test]
async fn of_two_operators_one_unlocks() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let on = stage.clone();
    stage.wire.before(commit("unlocked", "failed"), async move {
        let unlocked = c.unlock(&wish(), &mut |_| {}).await.unwrap();
        is_unlocked(&on, id, &unlocked);
    });
    let second = b.unlock(&wish(), &mut |_| {}).await.unwrap();
    assert_eq!(second, Unlocked::Ended(Box::new(stage.newest(id))));
    assert_eq!(stage.events(id, "unlocked"), 1);
    assert_eq!(b.unlock(&wish(), &mut |_| {}).await.unwrap(), Unlocked::NotLocked);
}

#[tokio::test]
async fn a_lock_that_another_deployment_holds_by_now_is_left_alone() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (_, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    b.unlock(&wish(), &mut |_| {}).await.unwrap();
    let (next, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let before = stage.store.items(next);
    let shown = UnlockWish { token: Some(1), ..by_force() };
    let refused = b.unlock(&shown, &mut |_| {}).await.unwrap();
    assert_eq!(refused, Unlocked::Refused(UnlockRefused::OtherToken { shown: 1, found: 2 }));
    assert_eq!((stage.store.items(next), stage.store.lock("staging").holder), (before, Some(next)));
}

#[tokio::test]
async fn the_next_deployment_is_told_what_it_finds() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (_, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    unlock(&stage, &b, &wish()).await;
    let (next, message) = stage.ask("staging");
    stage.done(&b, &message).await;
    let items = stage.store.items(next);
    let inspected = items.iter().find(|item| item.event == "environment-inspected").unwrap();
    assert!(inspected.detail.contains("unlocked by olga: it hangs"), "{}", inspected.detail);
    stage.up_to(&b, next, "healthy").await;
    assert_eq!(stage.store.record("staging").dirty, None, "it settled that");
}

#[tokio::test]
async fn faults_while_it_is_ended_are_waited_out() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.queue.purge();
    stage.wire.trouble("deregister", Trouble::without_effect(FaultKind::Throttled));
    stage.wire.trouble("deregister", Trouble::after_effect(FaultKind::TimedOut));
    let unlocked = unlock(&stage, &b, &wish()).await;
    is_unlocked(&stage, id, &unlocked);
    assert_eq!((stage.events(id, "transient-fault"), stage.wire.count("deregister")), (2, 3));
}

#[tokio::test]
async fn an_operator_who_goes_away_leaves_it_to_any_worker() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.queue.purge();
    let (dying, died) = oneshot::channel();
    stage.wire.before(call("deregister"), async move {
        dying.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    let wish = wish();
    tokio::select! {
        unlocked = unlock(&stage, &b, &wish) => panic!("it was to die: {unlocked:?}"),
        died = died => died.unwrap(),
    }
    assert!(is_claimed_by(&stage.newest(id), "b"));
    let mut reconciler = Reconciler::new(a);
    reconciler.scan().await.unwrap();
    stage.clock.forward(LEASE);
    reconciler.scan().await.unwrap();
    is_unlocked(&stage, id, &Unlocked::Done(Box::new(stage.newest(id))));
    assert_eq!((stage.newest(id).worker.as_str(), stage.wire.count("deregister")), ("a", 1));
}

#[tokio::test]
async fn a_lock_that_somebody_removed_by_hand_meanwhile_ends_nothing() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let (history, on) = (stage.store.items(id), stage.clone());
    stage.wire.before(commit("unlocked", "failed"), async move {
        let free = Lock { holder: None, since: None, actor: None, ..on.store.lock("staging") };
        on.store.set_lock("staging", free);
    });
    let error = b.unlock(&wish(), &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("somebody removed it by hand") && !error.is_transient(), "{error}");
    assert_eq!(stage.store.items(id), history);
}

/// Unlocked, and the worker that was to deregister the revisions died with its claim: the second operator outlasts it.
#[tokio::test]
async fn what_is_unlocked_already_is_ended_once_whoever_retires_it_is_known_to_be_dead() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
    stage.queue.purge();
    let (dying, died) = oneshot::channel();
    stage.wire.before(call("deregister"), async move {
        dying.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    let wish = wish();
    tokio::select! {
        unlocked = unlock(&stage, &b, &wish) => panic!("it was to die: {unlocked:?}"),
        died = died => died.unwrap(),
    }
    let begun = stage.clock.lived();
    let unlocked = unlock(&stage, &c, &wish).await;
    assert!(stage.clock.lived() - begun >= LEASE, "the call of the first may still arrive");
    is_unlocked(&stage, id, &unlocked);
    assert_eq!((stage.events(id, "unlocked"), stage.wire.count("deregister")), (1, 1));
    assert_eq!(stage.newest(id).worker, "c");
}
