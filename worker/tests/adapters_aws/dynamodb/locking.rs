//! Who gets the lock, who is told what, and whose rejection stands.

use std::time::Duration;

use lockstep::faults::{Fault, FaultKind};
use lockstep::ports::{Answer, Lock, Opened, Opening, Rejected, Store};

use super::fixtures::{closing, lock, new_id, opening, rejected, shop, staging, store};

/// Repeats what met another writer at the same moment, as the engine does.
async fn settled<T, F: Future<Output = Answer<T>>>(call: impl Fn() -> F) -> Result<T, Fault> {
    loop {
        match call().await {
            Err(fault) if fault.kind == FaultKind::Contended => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answer => return answer,
        }
    }
}

#[tokio::test]
async fn opening_takes_the_lock_and_writes_the_record() {
    let (store, _) = store().await;
    assert_eq!(lock(&store).await, Lock { holder: None, token: 0, since: None, actor: None, hold: None });
    let opening = opening(new_id(), 0);
    assert_eq!(store.open(&opening).await.unwrap(), Opened::Written);
    let held = Lock {
        holder: Some(opening.entry.id),
        token: 1,
        since: Some(opening.entry.at),
        actor: Some("alice".to_owned()),
        hold: None,
    };
    assert_eq!(lock(&store).await, held);
    assert_eq!(store.newest(opening.entry.id).await.unwrap(), Some(opening.entry.clone()));
    let listed = store.deployments(&shop(), &staging(), 10).await.unwrap();
    assert_eq!(listed, [opening.summary]);
}

#[tokio::test]
async fn opening_again_is_recognised_by_the_write_and_by_the_record() {
    let (store, _) = store().await;
    let first = opening(new_id(), 0);
    assert_eq!(store.open(&first).await.unwrap(), Opened::Written);
    assert_eq!(store.open(&first).await.unwrap(), Opened::Written, "the same write");
    // Not the same request to DynamoDB any more, so its own token does not answer for us.
    let mut reread = first.clone();
    reread.observed_token = 1;
    assert_eq!(store.open(&reread).await.unwrap(), Opened::Written, "the same write after a look");
    let mut redelivered = first.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(first.entry));
    assert_eq!(store.open(&redelivered).await.unwrap(), recorded, "another worker, the same request");
}

#[tokio::test]
async fn a_held_lock_and_a_moved_one_are_told_apart() {
    let (store, _) = store().await;
    let holder = opening(new_id(), 0);
    store.open(&holder).await.unwrap();
    let second = opening(new_id(), 0);
    let Opened::Held(found) = store.open(&second).await.unwrap() else { panic!("held") };
    assert_eq!((found.holder, found.token), (Some(holder.entry.id), 1));
    assert_eq!(found.since, Some(holder.entry.at));
    assert_eq!(store.newest(second.entry.id).await.unwrap(), None, "nothing was written");

    store.close(&closing(holder.entry.id, 2, 1)).await.unwrap();
    assert_eq!(store.open(&second).await.unwrap(), Opened::LockMoved, "free again, with another token");
    let second = Opening { observed_token: 1, ..second };
    assert_eq!(store.open(&second).await.unwrap(), Opened::Written);
    assert_eq!(lock(&store).await.token, 2);
}

#[tokio::test]
async fn a_recorded_deployment_is_not_rejected_by_the_next_holder() {
    let (store, _) = store().await;
    let first = opening(new_id(), 0);
    store.open(&first).await.unwrap();
    store.close(&closing(first.entry.id, 2, 1)).await.unwrap();
    store.open(&opening(new_id(), 1)).await.unwrap();
    let mut redelivered = first.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(first.entry));
    assert_eq!(store.open(&redelivered).await.unwrap(), recorded);
}

#[tokio::test]
async fn of_twenty_at_once_one_gets_the_lock() {
    let (store, _) = store().await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        racers.spawn(async move {
            let opening = opening(new_id(), 0);
            let opened = settled(|| store.open(&opening)).await.unwrap();
            (opening.entry.id, opened)
        });
    }
    let outcomes = racers.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter(|(_, opened)| *opened == Opened::Written).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let winner = winners[0].0;
    for (id, opened) in &outcomes {
        if *id != winner {
            let Opened::Held(lock) = opened else { panic!("{opened:?}") };
            assert_eq!(lock.holder, Some(winner));
            assert_eq!(store.newest(*id).await.unwrap(), None);
        }
    }
    assert_eq!(lock(&store).await.token, 1);
}

#[tokio::test]
async fn a_rejection_stands_only_while_its_reason_does() {
    let (store, _) = store().await;
    let holder = opening(new_id(), 0);
    store.open(&holder).await.unwrap();
    let refused = rejected(new_id(), Some(holder.entry.id));
    assert_eq!(store.reject(&refused).await.unwrap(), Opened::Written);
    assert_eq!(store.reject(&refused).await.unwrap(), Opened::Written, "the same write");
    let mut redelivered = refused.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(refused.entry.clone()));
    assert_eq!(store.reject(&redelivered).await.unwrap(), recorded);
    let listed = store.deployments(&shop(), &staging(), 1).await.unwrap();
    assert_eq!(listed, [refused.summary.unwrap()], "the newest");
    let of_a_stranger = Rejected { summary: None, ..rejected(new_id(), None) };
    assert_eq!(store.reject(&of_a_stranger).await.unwrap(), Opened::Written);
    assert!(store.newest(of_a_stranger.entry.id).await.unwrap().is_some(), "for who asks after it");
    assert_eq!(store.deployments(&shop(), &staging(), 10).await.unwrap().len(), 2, "and not in the list");

    let other_holder = rejected(new_id(), Some(new_id()));
    assert_eq!(store.reject(&other_holder).await.unwrap(), Opened::LockMoved);
    store.close(&closing(holder.entry.id, 2, 1)).await.unwrap();
    let too_late = rejected(new_id(), Some(holder.entry.id));
    assert_eq!(store.reject(&too_late).await.unwrap(), Opened::LockMoved);
    assert_eq!(store.newest(too_late.entry.id).await.unwrap(), None);
    assert_eq!(
        store.reject(&rejected(new_id(), None)).await.unwrap(),
        Opened::Written,
        "not the lock's fault"
    );
}
