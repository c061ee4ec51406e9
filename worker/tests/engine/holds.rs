//! An environment on hold takes no request, from the moment at which the hold stands: the write that takes the lock
//! finds it, whatever was read before. Only its release, or its time, ends it; what is under way goes on.

use lockstep::engine::Disposition;
use lockstep::engine::hold::{Held, HoldRefused, HoldWish, ReleaseWish, Released, hold, release};
use lockstep::ports::{Clock as _, Hold, HoldRelease, Store as _};
use lockstep_events::{DeploymentId, Message as Content};
use lockstep_state_machines::RefusalCode;
use uuid::Uuid;

use crate::doubles::call;
use crate::stage::{Stage, request};

/// A wish to put staging on hold, by olga, at nine.
fn wish(until: Option<&str>) -> HoldWish {
    HoldWish {
        application: "shop".parse().unwrap(),
        environment: "staging".parse().unwrap(),
        hold: Hold {
            id: Uuid::now_v7(),
            by: "olga".to_owned(),
            reason: "the database is moved".parse().unwrap(),
            since: "2026-11-23T09:00:00Z".parse().unwrap(),
            until: until.map(|until| until.parse().unwrap()),
        },
        replace: false,
    }
}

/// Puts staging on hold; the hold.
async fn on_hold(stage: &Stage, until: Option<&str>) -> Hold {
    let wish = wish(until);
    let held = hold(stage.store.as_ref(), &wish).await.unwrap();
    assert!(matches!(held, Held::Set { replaced: None, .. }), "{held:?}");
    wish.hold
}

fn no_more(stage: &Stage, shown: Option<Uuid>) -> ReleaseWish {
    ReleaseWish {
        application: "shop".parse().unwrap(),
        environment: "staging".parse().unwrap(),
        shown,
        release: HoldRelease {
            by: "ines".to_owned(),
            at: stage.clock.now(),
            reason: "it was moved".parse().ok(),
        },
    }
}

/// Fails unless the request was rejected because of the hold, in these words.
fn is_rejected(stage: &Stage, id: DeploymentId, words: &str) {
    let items = stage.store.items(id);
    assert_eq!(items.len(), 1, "{items:#?}");
    assert_eq!((items[0].to.as_str(), items[0].terminal), ("rejected", true));
    assert_eq!(items[0].detail, words);
    let refusal = stage.machine(id).deployment().refusal.clone().unwrap();
    assert_eq!((refusal.code, refusal.message.as_str()), (RefusalCode::OnHold, words));
}

const REJECTED: &str = "staging is on hold until somebody releases it: the database is moved \
     (by olga since 2026-11-23 09:00 UTC). Ask again once it has ended; `lockstep release staging` ends it.";

#[tokio::test]
async fn a_request_is_rejected_with_the_reason_and_the_end_and_nothing_is_touched() {
    for (until, end) in
        [(None, "until somebody releases it"), (Some("2026-11-23T18:30:00Z"), "until 2026-11-23 18:30 UTC")]
    {
        let stage = Stage::new();
        let a = stage.worker("a");
        on_hold(&stage, until).await;
        let (id, message) = stage.ask("staging");
        stage.done(&a, &message).await;
        let words = REJECTED.replace("until somebody releases it", end);
        is_rejected(&stage, id, &words);
        let lock = stage.store.lock("staging");
        assert_eq!((lock.holder, lock.token, stage.wire.services().len()), (None, 0, 0));
        let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
        let list = stage.store.deployments(&application, &environment, 10).await.unwrap();
        assert_eq!(list[0].id, id);
        assert_eq!(
            (list[0].outcome.as_deref(), list[0].reason.as_deref()),
            (Some("rejected"), Some(&*words))
        );
        stage.done(&a, &message).await;
        assert_eq!(stage.store.items(id).len(), 1, "delivered again, it is rejected already");
        let (elsewhere, message) = stage.ask("preview");
        stage.done(&a, &message).await;
        assert_ne!(stage.newest(elsewhere).to, "rejected", "another environment is not on hold");
    }
}

#[tokio::test]
async fn a_hold_that_is_set_after_the_lock_was_read_is_found_by_the_write_that_takes_it() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    let on = stage.clone();
    stage.wire.before(call("open"), async move {
        on_hold(&on, None).await;
    });
    stage.done(&a, &message).await;
    assert_eq!(stage.wire.count("open"), 1);
    is_rejected(&stage, id, REJECTED);
    assert_eq!(stage.store.lock("staging").holder, None);
}

#[tokio::test]
async fn a_hold_whose_time_is_over_is_none_but_only_that_one() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let over = on_hold(&stage, Some("2026-11-23T09:00:00Z")).await;
    let (first, _) = stage.ask("staging");
    stage.up_to(&a, first, "healthy").await;
    assert_eq!(stage.store.lock("staging").hold, Some(over), "nobody has released it");
    // It was over when it was read; then another one was put in its place.
    let (id, message) = stage.ask("staging");
    let on = stage.clone();
    stage.wire.before(call("open"), async move {
        on_hold(&on, None).await;
    });
    stage.done(&a, &message).await;
    is_rejected(&stage, id, REJECTED);
}

#[tokio::test]
async fn a_hold_that_came_and_was_over_between_read_and_write_is_read_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, message) = stage.ask("staging");
    let on = stage.clone();
    stage.wire.before(call("open"), async move {
        on_hold(&on, Some("2026-11-23T09:00:00Z")).await;
    });
    stage.done(&a, &message).await;
    assert_eq!(stage.wire.count("open"), 2);
    assert_eq!(stage.store.lock("staging").holder, Some(id));
}

#[tokio::test]
async fn what_is_under_way_goes_on_and_the_hold_outlasts_it() {
    let stage = Stage::new();
    let (a, b) = (stage.worker("a"), stage.worker("b"));
    let (running, _) = stage.ask("staging");
    stage.up_to(&a, running, "deploying/rolling-out-candidate").await;
    let held = hold(stage.store.as_ref(), &wish(None)).await.unwrap();
    assert_eq!(held, Held::Set { replaced: None, under_way: Some(running) });
    let (id, message) = stage.ask("staging");
    stage.done(&b, &message).await;
    is_rejected(&stage, id, REJECTED);
    stage.up_to(&a, running, "healthy").await;
    let lock = stage.store.lock("staging");
    assert_eq!((lock.holder, lock.hold.map(|hold| hold.by).as_deref()), (None, Some("olga")));
    let (id, message) = stage.ask("staging");
    stage.done(&b, &message).await;
    is_rejected(&stage, id, REJECTED);
}

#[tokio::test]
async fn a_request_that_was_accepted_before_is_not_judged_again() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.forge.hold_builds(true);
    let (id, message) = stage.ask("staging");
    let delivery = message.delivery();
    assert_eq!(a.handle(&delivery).await.unwrap(), Disposition::Done);
    on_hold(&stage, None).await;
    stage.done(&a, &message).await;
    assert_eq!(stage.newest(id).to, "locked/awaiting-build", "the same delivery again: it goes on");
}

#[tokio::test]
async fn no_reason_of_a_request_sets_a_hold_aside() {
    let stage = Stage::new();
    let a = stage.worker("a");
    on_hold(&stage, None).await;
    let mut urgent = request("staging");
    urgent.overrides.despite_freeze = "it burns".parse().ok();
    let message = stage.put(&Content::DeployRequested(Box::new(urgent.clone())));
    stage.done(&a, &message).await;
    is_rejected(&stage, urgent.id, REJECTED);
}

#[tokio::test]
async fn after_its_release_requests_are_taken_up_and_the_record_tells_who_did_it() {
    let stage = Stage::new();
    let (a, store) = (stage.worker("a"), stage.store.as_ref());
    let held = on_hold(&stage, None).await;
    let ending = no_more(&stage, Some(held.id));
    assert_eq!(release(store, &ending).await.unwrap(), Released::Done(held.clone()));
    assert_eq!(release(store, &no_more(&stage, None)).await.unwrap(), Released::NotOnHold);
    let (id, message) = stage.ask("staging");
    stage.done(&a, &message).await;
    assert_eq!(stage.store.lock("staging").holder, Some(id));
    let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
    let records = store.holds(&application, &environment, 10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!((&records[0].hold, &records[0].released), (&held, &Some(ending.release)));
}

#[tokio::test]
async fn a_hold_is_put_in_the_place_of_another_only_if_that_is_said() {
    let stage = Stage::new();
    let store = stage.store.as_ref();
    let first = on_hold(&stage, None).await;
    let refused = hold(store, &wish(None)).await.unwrap();
    assert_eq!(refused, Held::Refused(HoldRefused::Standing(first.clone())));
    let Held::Refused(refused) = refused else { unreachable!("as just seen") };
    assert_eq!(refused.standing(), Some(first.clone()), "which the operator is shown");
    let second = HoldWish { replace: true, ..wish(None) };
    let held = Held::Set { replaced: Some(first.clone()), under_way: None };
    assert_eq!(hold(store, &second).await.unwrap(), held);
    assert_eq!(stage.store.lock("staging").hold, Some(second.hold.clone()));
    let again = hold(store, &second).await.unwrap();
    assert_eq!(again, Held::Set { replaced: None, under_way: None }, "the same hold again");
    let (application, environment) = ("shop".parse().unwrap(), "staging".parse().unwrap());
    let records = store.holds(&application, &environment, 10).await.unwrap();
    assert_eq!(records.iter().map(|record| record.hold.id).collect::<Vec<_>>(), [second.hold.id, first.id]);
    let released = records[1].released.clone().unwrap();
    assert_eq!((released.by.as_str(), released.at), ("olga", second.hold.since));
    assert_eq!(released.reason.unwrap().as_str(), format!("replaced by hold {}", second.hold.id));
    assert_eq!(records[0].released, None);
}

#[tokio::test]
async fn nobody_ends_or_replaces_a_hold_that_he_was_not_shown() {
    let stage = Stage::new();
    let store = stage.store.as_ref();
    let first = on_hold(&stage, None).await;
    // Between the look and the write, somebody puts another in its place.
    let swap = |stage: &std::sync::Arc<Stage>| {
        let (on, by_another) = (stage.clone(), HoldWish { replace: true, ..wish(None) });
        let theirs = by_another.hold.clone();
        (theirs, async move {
            hold(on.store.as_ref(), &by_another).await.unwrap();
        })
    };
    let (second, swapping) = swap(&stage);
    stage.wire.before(call("release_hold"), swapping);
    let refused = release(store, &no_more(&stage, None)).await.unwrap();
    assert_eq!(refused, Released::Refused(HoldRefused::Changed(Some(second.clone()))));
    let refused = release(store, &no_more(&stage, Some(first.id))).await.unwrap();
    assert_eq!(refused, Released::Refused(HoldRefused::Changed(Some(second))));
    let (third, swapping) = swap(&stage);
    stage.wire.before(call("hold"), swapping);
    let refused = hold(store, &HoldWish { replace: true, ..wish(None) }).await.unwrap();
    assert_eq!(refused, Held::Refused(HoldRefused::Changed(Some(third.clone()))));
    assert_eq!(HoldRefused::Changed(Some(third.clone())).standing(), Some(third.clone()));
    assert_eq!(stage.store.lock("staging").hold, Some(third));
}
