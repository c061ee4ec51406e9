//! Unlocking by force: the claim is taken from a holder that may be alive, and a record that nobody here can read
//! is ended. What the old holder had sent arrives before the lock goes; what it sends or records later does not.

use std::time::Duration;

use jiff::SignedDuration;
use lockstep::engine::{UnlockRefused, Unlocked};
use lockstep::ports::{Clock as _, Entry, Store as _};
use lockstep_events::DeploymentId;
use tokio::sync::oneshot;

use crate::doubles::{call, commit};
use crate::stage::{LEASE, Stage, is_claimed_by};
use crate::unlocking::{by_force, is_unlocked, stopped_at, unlock, wish};

/// How long the holder has slept when the operator comes.
const PAUSE: SignedDuration = SignedDuration::from_secs(7);

#[tokio::test]
async fn by_force_the_paused_holder_can_neither_act_nor_commit() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    let (on, at) = (stage.clone(), stage.clone());
    let (said, saw) = oneshot::channel();
    // The last read before the build is dispatched: A sleeps in it, with its claim.
    stage.wire.before(commit("environment-inspected", "locked/dispatching-build"), async move {
        at.wire.before(call("default_branch"), async move {
            on.clock.forward(Duration::try_from(PAUSE).unwrap());
            said.send(unlock(&on, &b, &by_force()).await).unwrap();
        });
    });
    stage.done(&a, &message).await;
    let unlocked = saw.await.unwrap();
    is_unlocked(&stage, id, &unlocked);
    assert_eq!((stage.wire.count("dispatch"), stage.forge.builds()), (0, 0));
    assert_eq!(stage.events(id, "claim-renewed"), 0, "its commit was lost");
    let begun = stage.store.items(id).into_iter().find(|item| item.event == "unlock-begun").unwrap();
    assert!(
        is_claimed_by(&begun, "b") && begun.detail.contains("olga unlocks staging by force"),
        "{begun:?}"
    );
    let before = stage.store.items(id).into_iter().find(|item| item.seq + 1 == begun.seq).unwrap();
    assert_eq!((begun.worker.as_str(), &begun.from, &begun.to), ("b", &before.to, &before.to));
    assert!(begun.write_id != before.write_id, "an item of its own: {begun:?}");
    assert_eq!(
        begun.at.duration_since(before.at),
        PAUSE,
        "written when the operator decided, and not when the worker did"
    );
    assert_eq!(stage.newest(id).worker, "b");
}

#[tokio::test]
async fn by_force_a_call_that_was_sent_arrives_before_the_lock_goes_and_its_outcome_is_not_recorded() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    let message = stage.only_wake(id);
    let moment = commit("rollout-started", "deploying/rolling-out-candidate");
    let begun = stage.clock.lived();
    stopped_at(&stage, &a, &message, moment, async {
        let unlocked = unlock(&stage, &b, &by_force()).await;
        is_unlocked(&stage, id, &unlocked);
    })
    .await;
    assert!(stage.clock.lived() - begun >= LEASE, "what it may still send has arrived");
    assert_eq!((stage.events(id, "rollout-started"), stage.newest(id).worker.as_str()), (0, "b"));
    assert_eq!(stage.wire.count("update"), 1);
    assert_eq!(stage.wire.count("deregister"), 1, "what it started can no longer be started again");
}

#[tokio::test]
async fn a_worker_that_takes_over_during_a_forced_unlock_is_fenced_too() {
    let stage = Stage::new();
    let (a, b, c) = (stage.worker("a"), stage.worker("b"), stage.worker("c"));
    let (id, message) = stage.ask("staging");
    stage.dies(&a, &message, call("dispatch")).await;
    stage.done(&c, &message).await;
    let takeover = stage.queue.live().pop().unwrap();
    let on = stage.clone();
    stage.wire.before(commit("unlock-begun", "locked/dispatching-build"), async move {
        on.done(&c, &takeover).await;
        assert_eq!(on.newest(id).to, "locked/awaiting-build");
    });
    let unlocked = unlock(&stage, &b, &by_force()).await;
    is_unlocked(&stage, id, &unlocked);
    assert_eq!(stage.events(id, "unlock-begun"), 0, "C had let go of it again");
    assert_eq!(stage.forge.builds(), 1);
}

/// What a worker of a later version leaves: claimed, and unreadable here.
async fn written_by_a_later_version(stage: &Stage, id: DeploymentId) -> Entry {
    let newest = stage.newest(id);
    let later = Entry {
        seq: newest.seq + 1,
        write_id: "later".to_owned(),
        worker: "later".to_owned(),
        claim: Some("later/1".to_owned()),
        snapshot: r#"{"v":99,"what":"nobody here knows"}"#.to_owned(),
        ..newest
    };
    stage.store.append(&later).await.unwrap();
    later
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_ended_by_force_only_and_its_text_is_kept() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    let later = written_by_a_later_version(&stage, id).await;
    let refused = b.unlock(&wish(), &mut |_| {}).await.unwrap();
    let Unlocked::Refused(UnlockRefused::Unreadable(problem)) = refused else { panic!("{refused:?}") };
    assert!(problem.to_string().contains("version 99"), "{problem}");
    assert_eq!(stage.newest(id), later);

    let begun = stage.clock.lived();
    let unlocked = unlock(&stage, &b, &by_force()).await;
    assert!(stage.clock.lived() - begun >= LEASE, "its holder was outlasted");
    is_unlocked(&stage, id, &unlocked);
    assert_eq!(stage.newest(id).snapshot, later.snapshot);
    assert_eq!(stage.events(id, "unlock-begun"), 1);
    let lines = stage.store.deployments(&wish().application, &wish().environment, 1).await.unwrap();
    assert_eq!((lines[0].actor.as_str(), lines[0].outcome.as_deref()), ("alice", Some("failed")));
    assert_eq!(lines[0].target, "the default branch");
    let why = lines[0].reason.as_deref().unwrap();
    assert!(why.contains("unlocked by olga: it hangs"), "{why}");
    for left in stage.queue.live() {
        stage.done(&b, &left).await;
    }
    stage.forge.hold_builds(false);
    let (next, _) = stage.ask("staging");
    stage.up_to(&b, next, "healthy").await;
}
