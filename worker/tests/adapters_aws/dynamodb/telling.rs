//! The record of what an address was told: beside the history and never in it, and each write on top of the one before.

use lockstep::config::Occasion;
use lockstep::ports::{Deliveries, DeliveryRecords, Settled, Store, Trying};

use super::fixtures::{new_id, opening, store};

fn trying(version: u64) -> Deliveries {
    let next_at = "2026-11-23T09:30:00Z".parse().unwrap();
    let trying =
        Trying { notice: "a/1".to_owned(), tries: 2, next_at, problem: Some("no answer".to_owned()) };
    Deliveries { version, settled: Vec::new(), trying: Some(trying) }
}

#[tokio::test]
async fn each_write_is_on_top_of_the_one_before() {
    let (store, _) = store().await;
    let id = new_id();
    assert_eq!(store.deliveries(id, "chat").await.unwrap(), Deliveries::default());
    assert!(store.record_deliveries(id, "chat", &trying(1)).await.unwrap());
    assert!(!store.record_deliveries(id, "chat", &trying(1)).await.unwrap(), "somebody was first");
    assert!(!store.record_deliveries(id, "chat", &trying(3)).await.unwrap(), "one was missed");
    assert_eq!(store.deliveries(id, "chat").await.unwrap(), trying(1));
    let at = "2026-11-23T09:31:00Z".parse().unwrap();
    let delivered = Settled {
        notice: "a/1".to_owned(),
        occasion: Occasion::Started,
        seq: Some(1),
        at,
        tries: 2,
        given_up: None,
    };
    let given_up = Settled { seq: None, given_up: Some("too late".to_owned()), ..delivered.clone() };
    let settled = Deliveries { version: 2, settled: vec![delivered, given_up], trying: None };
    assert!(store.record_deliveries(id, "chat", &settled).await.unwrap());
    assert_eq!(store.deliveries(id, "chat").await.unwrap(), settled);
    assert_eq!(
        store.deliveries(id, "pager").await.unwrap(),
        Deliveries::default(),
        "each address has its own"
    );
}

#[tokio::test]
async fn a_history_does_not_show_it() {
    let (store, _) = store().await;
    let opening = opening(new_id(), 0);
    let id = opening.entry.id;
    assert!(store.record_deliveries(id, "zebra", &trying(1)).await.unwrap());
    store.open(&opening).await.unwrap();
    assert_eq!(store.history(id, 0).await.unwrap(), std::slice::from_ref(&opening.entry));
    assert_eq!(store.newest(id).await.unwrap(), Some(opening.entry));
}
