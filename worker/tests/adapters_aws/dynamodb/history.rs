//! Histories and lists: written once, read whole and in order.

use lockstep::ports::{Appended, Entry, Store};

use super::fixtures::{entry, new_id, rejected, shop, staging, store};

#[tokio::test]
async fn an_item_is_written_once_and_a_repeat_of_our_own_is_recognised() {
    let (store, _) = store().await;
    let ours = entry(new_id(), 2);
    assert_eq!(store.append(&ours).await.unwrap(), Appended::Written);
    assert_eq!(store.append(&ours).await.unwrap(), Appended::Written);
    let theirs = Entry { write_id: "theirs".to_owned(), ..ours.clone() };
    assert_eq!(store.append(&theirs).await.unwrap(), Appended::Lost(Box::new(ours.clone())));
    assert_eq!(store.newest(ours.id).await.unwrap(), Some(ours));
    assert_eq!(store.newest(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn a_history_longer_than_a_page_comes_whole_and_in_order() {
    let (store, _) = store().await;
    let id = new_id();
    // 1.5 MB; DynamoDB's page ends at 1 MB.
    for seq in 1..=25 {
        let entry = Entry { snapshot: "x".repeat(60_000), ..entry(id, seq) };
        assert_eq!(store.append(&entry).await.unwrap(), Appended::Written);
    }
    let sequence = |history: Vec<Entry>| history.iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(sequence(store.history(id, 0).await.unwrap()), (1..=25).collect::<Vec<_>>());
    assert_eq!(sequence(store.history(id, 9).await.unwrap()), (10..=25).collect::<Vec<_>>());
    assert_eq!(store.history(id, 25).await.unwrap(), []);
    assert_eq!(store.newest(id).await.unwrap().unwrap().seq, 25);
}

#[tokio::test]
async fn the_list_is_newest_first_and_ends_at_its_limit() {
    let (store, _) = store().await;
    let ids: Vec<_> = (0..5).map(|_| new_id()).collect();
    for id in &ids {
        store.reject(&rejected(*id, None)).await.unwrap();
    }
    let listed = store.deployments(&shop(), &staging(), 3).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|summary| summary.id).collect();
    assert_eq!(listed, [ids[4], ids[3], ids[2]]);
    assert_eq!(store.deployments(&shop(), &staging(), 100).await.unwrap().len(), 5);
    assert_eq!(store.deployments(&shop(), &staging(), 0).await.unwrap(), []);
    let production = "production".parse().unwrap();
    assert_eq!(store.deployments(&shop(), &production, 10).await.unwrap(), []);
}
