//! A call whose answer was lost is waited out before a deployment ends: an end means that nothing of it is still
//! on its way.

use lockstep::faults::FaultKind;

use crate::doubles::Trouble;
use crate::stage::{LEASE, Stage, is_claimed_by};

#[tokio::test]
async fn no_end_is_written_while_the_last_call_may_still_arrive() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (id, message) = stage.ask("staging");
    for _ in 0..20 {
        stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Connection));
    }
    stage.done(&a, &message).await;
    stage.up_to(&a, id, "rolling-back/settling-last-call").await;
    let settling = stage.newest(id);
    assert!(is_claimed_by(&settling, "a") && settling.detail.contains("times in a row"), "{settling:?}");
    assert!(stage.store.lock("staging").holder.is_some(), "nobody else deploys here yet");
    let (dispatched, takeover) = (stage.wire.count("dispatch"), stage.only_wake(id));
    assert_eq!((takeover.wake().takeover_of, takeover.delay), (settling.claim(), LEASE));
    // Any message but that one finds the claim.
    let early = stage.put_wake(id, takeover.wake().number);
    stage.done(&b, &early).await;
    assert_eq!(stage.newest(id).seq, settling.seq);
    stage.clock.forward(takeover.delay);
    stage.done(&b, &takeover).await;
    let ended = stage.newest(id);
    assert_eq!((ended.event.as_str(), ended.to.as_str()), ("last-call-settled", "failed"));
    assert_eq!((stage.wire.count("dispatch"), stage.store.lock("staging").holder), (dispatched, None));
}

#[tokio::test]
async fn what_certainly_did_not_happen_ends_at_once() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::without_effect(FaultKind::Denied));
    stage.done(&a, &message).await;
    assert_eq!(stage.newest(id).to, "failed");
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_ends_only_when_what_was_sent_has_settled() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("dispatch", Trouble::after_effect(FaultKind::Unintelligible));
    stage.done(&a, &message).await;
    assert_eq!(stage.newest(id).to, "rolling-back/settling-last-call");
    assert!(stage.store.lock("staging").holder.is_some(), "the build that was asked for may still push");
    stage.up_to(&a, id, "failed").await;
    assert_eq!(stage.wire.count("dispatch"), 1, "what is permanent is not tried again");
}
