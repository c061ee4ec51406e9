//! The end of a deployment: everything at once, or nothing.

use lockstep::faults::FaultKind;
use lockstep::ports::{Appended, Closing, EnvironmentRecord, HealthyRelease, Lock, Store};

use super::fixtures::{beta, closing, entry, lock, new_id, opening, shop, staging, store};

#[tokio::test]
async fn closing_writes_everything_and_lets_go() {
    let (store, _) = store().await;
    let id = new_id();
    store.open(&opening(id, 0)).await.unwrap();
    let healthy = HealthyRelease {
        deployment: id,
        version: "1.2.3".parse().unwrap(),
        image_tag: "1.2.3-aaaaaaa.beta".to_owned(),
        commit: None,
        digest: beta(id, 'b', "2026-11-23T10:00:00Z").digest,
        task_definition: "arn:aws:ecs:eu-west-1:1:task-definition/shop:7".to_owned(),
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
    };
    let record = EnvironmentRecord {
        current: Some(healthy.clone()),
        last_healthy: Some(healthy),
        dirty: None,
        desired: Some(2),
    };
    let closing = Closing {
        record: Some(record.clone()),
        beta: Some(beta(id, 'b', "2026-11-23T10:00:00Z")),
        ..closing(id, 2, 1)
    };
    assert_eq!(store.close(&closing).await.unwrap(), Appended::Written);
    assert_eq!(store.close(&closing).await.unwrap(), Appended::Written, "the same write");
    let view = store.environment(&shop(), &staging()).await.unwrap();
    assert_eq!(view.lock, Lock { holder: None, token: 1, since: None, actor: None, hold: None });
    assert_eq!(view.record, record);
    assert_eq!(store.beta(&shop(), &closing.beta.as_ref().unwrap().tag).await.unwrap(), closing.beta);
    assert_eq!(store.deployments(&shop(), &staging(), 10).await.unwrap(), [closing.summary]);
    let history = store.history(id, 0).await.unwrap();
    assert_eq!(history.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.history(id, 1).await.unwrap(), [closing.entry]);
}

#[tokio::test]
async fn closing_without_a_new_record_keeps_the_old_one() {
    let (store, _) = store().await;
    let (first, second) = (new_id(), new_id());
    let record = EnvironmentRecord { dirty: Some("why".to_owned()), ..EnvironmentRecord::default() };
    store.open(&opening(first, 0)).await.unwrap();
    store.close(&Closing { record: Some(record.clone()), ..closing(first, 2, 1) }).await.unwrap();
    store.open(&opening(second, 1)).await.unwrap();
    store.close(&closing(second, 2, 2)).await.unwrap();
    assert_eq!(store.environment(&shop(), &staging()).await.unwrap().record, record);
}

#[tokio::test]
async fn who_lost_lock_or_item_cannot_close() {
    let (store, _) = store().await;
    let id = new_id();
    let first = opening(id, 0);
    store.open(&first).await.unwrap();
    let stale = store.close(&closing(id, 2, 7)).await.unwrap();
    assert_eq!(stale, Appended::Lost(Box::new(first.entry)), "another token: the newest item");
    let foreign = entry(id, 2);
    store.append(&foreign).await.unwrap();
    let lost = store.close(&closing(id, 2, 1)).await.unwrap();
    assert_eq!(lost, Appended::Lost(Box::new(foreign)), "another item 2");
    assert_eq!(lock(&store).await.holder, Some(id), "nothing was written");
    let nobody = store.close(&closing(new_id(), 2, 1)).await.unwrap_err();
    assert_eq!(nobody.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_beta_is_refreshed_as_the_same_and_refused_as_another() {
    let (store, _) = store().await;
    let (first, second, third) = (new_id(), new_id(), new_id());
    let at_first = beta(first, 'b', "2026-11-23T10:00:00Z");
    store.open(&opening(first, 0)).await.unwrap();
    store.close(&Closing { beta: Some(at_first.clone()), ..closing(first, 2, 1) }).await.unwrap();

    store.open(&opening(second, 1)).await.unwrap();
    let again = beta(second, 'b', "2026-11-24T10:00:00Z");
    let refreshed = store.close(&Closing { beta: Some(again.clone()), ..closing(second, 2, 2) }).await;
    assert_eq!(refreshed.unwrap(), Appended::Written);
    assert_eq!(store.beta(&shop(), &again.tag).await.unwrap(), Some(again.clone()));

    store.open(&opening(third, 2)).await.unwrap();
    let other = beta(third, 'c', "2026-11-25T10:00:00Z");
    let fault = store.close(&Closing { beta: Some(other), ..closing(third, 2, 3) }).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("1.2.3-aaaaaaa.beta"), "{fault}");
    assert_eq!(store.beta(&shop(), &again.tag).await.unwrap(), Some(again));
    assert_eq!(lock(&store).await.holder, Some(third), "nothing was written");
}
