//! Holds on the lock's item: who finds one, who may end it, and what is kept of it.

use aws_sdk_dynamodb::types::AttributeValue;
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::ports::{
    Hold, HoldChanged, HoldRecord, HoldRelease, Holding, Lock, Opened, Opening, Releasing, Store,
};
use uuid::Uuid;

use super::fixtures::{TABLE, closing, lock, new_id, opening, rejected, shop, staging, store};

fn a_hold() -> Hold {
    Hold {
        id: Uuid::now_v7(),
        by: "olga".to_owned(),
        reason: "the database is moved".parse().unwrap(),
        since: "2026-11-23T09:00:00Z".parse().unwrap(),
        until: Some("2026-11-23T10:00:00Z".parse().unwrap()),
    }
}

fn holding(hold: &Hold, replaces: Option<HoldRecord>) -> Holding {
    Holding { application: shop(), environment: staging(), hold: hold.clone(), replaces }
}

fn releasing(hold: &Hold) -> Releasing {
    let release = HoldRelease {
        by: "ines".to_owned(),
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        reason: "it was moved".parse().ok(),
    };
    Releasing { application: shop(), environment: staging(), hold: hold.clone(), release }
}

/// Puts the environment on hold.
async fn on_hold(store: &DynamoDbStore) -> Hold {
    let hold = a_hold();
    assert_eq!(store.hold(&holding(&hold, None)).await.unwrap(), HoldChanged::Written);
    hold
}

async fn kept(store: &DynamoDbStore) -> Vec<HoldRecord> {
    store.holds(&shop(), &staging(), 10).await.unwrap()
}

#[tokio::test]
async fn a_hold_that_came_after_the_read_makes_opening_fail() {
    for before in [0, 1] {
        let (store, _) = store().await;
        if before == 1 {
            let first = opening(new_id(), 0);
            store.open(&first).await.unwrap();
            store.close(&closing(first.entry.id, 2, 1)).await.unwrap();
        }
        let read = lock(&store).await;
        assert_eq!((read.token, read.hold), (before, None));
        let hold = on_hold(&store).await;
        let opening = opening(new_id(), before);
        assert_eq!(store.open(&opening).await.unwrap(), Opened::OnHold(hold.clone()));
        assert_eq!(store.newest(opening.entry.id).await.unwrap(), None, "nothing was written");
        let free = Lock { holder: None, token: before, since: None, actor: None, hold: Some(hold) };
        assert_eq!(lock(&store).await, free);
        let refused = rejected(opening.entry.id, None);
        assert_eq!(store.reject(&refused).await.unwrap(), Opened::Written);
    }
}

#[tokio::test]
async fn a_hold_that_was_seen_to_have_ended_lets_a_request_pass_and_no_other_does() {
    let (store, _) = store().await;
    let hold = on_hold(&store).await;
    let other = Opening { ended_hold: Some(Uuid::now_v7()), ..opening(new_id(), 0) };
    assert_eq!(store.open(&other).await.unwrap(), Opened::OnHold(hold.clone()));
    // The same write with what is known by now: another request to DynamoDB.
    let opening = Opening { ended_hold: Some(hold.id), ..other };
    assert_eq!(store.open(&opening).await.unwrap(), Opened::Written);
    let held = lock(&store).await;
    assert_eq!((held.holder, held.token, held.hold), (Some(opening.entry.id), 1, Some(hold)));
    let gone = Opening { ended_hold: Some(Uuid::now_v7()), ..super::fixtures::opening(new_id(), 1) };
    store.release_hold(&releasing(&held_hold(&store).await)).await.unwrap();
    store.close(&closing(opening.entry.id, 2, 1)).await.unwrap();
    assert_eq!(store.open(&gone).await.unwrap(), Opened::Written, "released meanwhile");
}

async fn held_hold(store: &DynamoDbStore) -> Hold {
    lock(store).await.hold.unwrap()
}

#[tokio::test]
async fn a_hold_leaves_the_holder_alone_and_outlasts_it() {
    let (store, _) = store().await;
    let first = opening(new_id(), 0);
    store.open(&first).await.unwrap();
    let before = lock(&store).await;
    let hold = on_hold(&store).await;
    assert_eq!(lock(&store).await, Lock { hold: Some(hold.clone()), ..before });
    assert_eq!(store.open(&first).await.unwrap(), Opened::Written, "the same write, recognised");
    let second = opening(new_id(), 0);
    assert_eq!(store.open(&second).await.unwrap(), Opened::OnHold(hold.clone()), "before the holder");
    store.close(&closing(first.entry.id, 2, 1)).await.unwrap();
    let after = lock(&store).await;
    assert_eq!((after.holder, after.token, after.hold), (None, 1, Some(hold)));
}

#[tokio::test]
async fn a_second_hold_needs_the_first_one_named_and_the_same_one_again_is_recognised() {
    let (store, client) = store().await;
    let first = on_hold(&store).await;
    assert_eq!(store.hold(&holding(&first, None)).await.unwrap(), HoldChanged::Written, "again");
    let second = a_hold();
    let moved = HoldChanged::Moved(Some(first.clone()));
    assert_eq!(store.hold(&holding(&second, None)).await.unwrap(), moved);
    assert_eq!(kept(&store).await.len(), 1, "no record of what was not set");
    let ended = HoldRecord { hold: first.clone(), released: Some(releasing(&first).release) };
    let replacing = holding(&second, Some(ended.clone()));
    assert_eq!(store.hold(&replacing).await.unwrap(), HoldChanged::Written);
    assert_eq!(held_hold(&store).await, second);
    assert_eq!(kept(&store).await, [HoldRecord { hold: second.clone(), released: None }, ended.clone()]);
    let third = holding(&a_hold(), Some(ended));
    assert_eq!(store.hold(&third).await.unwrap(), HoldChanged::Moved(Some(second.clone())));

    let item = client.get_item().table_name(TABLE);
    let item = item.key("pk", AttributeValue::S("environment#shop#staging".to_owned()));
    let item = item.key("sk", AttributeValue::S(format!("hold#{}", second.id))).send().await.unwrap();
    let item = item.item.unwrap();
    let hold = item["hold"].as_m().unwrap();
    assert_eq!(hold["by"], AttributeValue::S("olga".to_owned()), "readable with the AWS CLI alone");
    assert!(!item.contains_key("released"));
}

#[tokio::test]
async fn only_the_hold_that_stands_is_released_and_its_record_stays() {
    let (store, _) = store().await;
    let nothing = store.release_hold(&releasing(&a_hold())).await.unwrap();
    assert_eq!(nothing, HoldChanged::Moved(None), "never locked, never on hold");
    let hold = on_hold(&store).await;
    let anothers = store.release_hold(&releasing(&a_hold())).await.unwrap();
    assert_eq!(anothers, HoldChanged::Moved(Some(hold.clone())));
    assert_eq!(held_hold(&store).await, hold);
    assert_eq!(store.release_hold(&releasing(&hold)).await.unwrap(), HoldChanged::Written);
    assert_eq!(lock(&store).await, Lock { holder: None, token: 0, since: None, actor: None, hold: None });
    assert_eq!(
        kept(&store).await,
        [HoldRecord { released: Some(releasing(&hold).release), hold: hold.clone() }]
    );
    let mut by_another = releasing(&hold);
    "carol".clone_into(&mut by_another.release.by);
    assert_eq!(store.release_hold(&by_another).await.unwrap(), HoldChanged::Moved(None), "too late");
    assert_eq!(kept(&store).await[0].released.as_ref().unwrap().by, "ines");
    let opening = opening(new_id(), 0);
    assert_eq!(store.open(&opening).await.unwrap(), Opened::Written, "the item was there, never held");
}

#[tokio::test]
async fn of_a_hold_and_a_request_at_once_the_request_is_under_way_or_refused() {
    for _ in 0..10 {
        let (store, _) = store().await;
        let (hold, opening) = (a_hold(), opening(new_id(), 0));
        let holding = holding(&hold, None);
        let (held, opened) = tokio::join!(store.hold(&holding), store.open(&opening));
        // A write that met the other at the same moment is a fault here; the engine comes again.
        let opened = match opened {
            Ok(opened) => opened,
            Err(_) => store.open(&opening).await.unwrap(),
        };
        if held.is_err() {
            assert_eq!(store.hold(&holding).await.unwrap(), HoldChanged::Written);
        }
        let lock = lock(&store).await;
        assert_eq!(lock.hold, Some(hold.clone()));
        match opened {
            Opened::Written => assert_eq!(lock.holder, Some(opening.entry.id)),
            Opened::OnHold(found) => assert_eq!((found, lock.holder), (hold, None)),
            // The item was made by the hold meanwhile, or stood in its way.
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn holds_are_listed_newest_first_up_to_the_limit() {
    let (store, _) = store().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        let hold = on_hold(&store).await;
        store.release_hold(&releasing(&hold)).await.unwrap();
        all.insert(0, hold.id);
    }
    let newest = store.holds(&shop(), &staging(), 2).await.unwrap();
    assert_eq!(newest.iter().map(|record| record.hold.id).collect::<Vec<_>>(), all[..2]);
    assert_eq!(store.deployments(&shop(), &staging(), 10).await.unwrap(), [], "no deployments");
}
