//! The store's locks: who gets one, who is told what, whose rejection stands; alone and in races.

use conformance::{Broken, Verdict};
use lockstep::ports::{Lock, Opened, Opening, Rejected, Store};

use crate::fixtures::{Table, at_once, closing, new_id, opening, rejected, settled, shop, staging};

pub async fn opening_takes_lock_record_and_list_together(table: Table) -> Verdict {
    let free = Lock { holder: None, token: 0, since: None, actor: None, hold: None };
    Broken::unless_same("before", table.lock().await?, free)?;
    let opening = opening(new_id(), 0);
    Broken::unless_same("opened", table.store.open(&opening).await?, Opened::Written)?;
    let held = Lock {
        holder: Some(opening.entry.id),
        token: 1,
        since: Some(opening.entry.at),
        actor: Some(opening.summary.actor.clone()),
        hold: None,
    };
    Broken::unless_same("the lock", table.lock().await?, held)?;
    let newest = table.store.newest(opening.entry.id).await?;
    Broken::unless_same("the record", newest, Some(opening.entry))?;
    let listed = table.store.deployments(&shop(), &staging(), 10).await?;
    Broken::unless_same("the list", listed, vec![opening.summary])
}

/// By its token within ten minutes, by the write it made after that, and as a record by anybody.
pub async fn opening_again_is_recognised(table: Table) -> Verdict {
    let first = opening(new_id(), 0);
    for _ in 0..2 {
        Broken::unless_same("the same write", table.store.open(&first).await?, Opened::Written)?;
    }
    let reread = Opening { observed_token: 1, ..first.clone() };
    Broken::unless_same("after another look", table.store.open(&reread).await?, Opened::Written)?;
    let mut redelivered = first.clone();
    redelivered.entry.write_id = "another".to_owned();
    let expected = Opened::AlreadyRecorded(Box::new(first.entry));
    Broken::unless_same("by another worker", table.store.open(&redelivered).await?, expected)?;
    Broken::unless_same("the token", table.lock().await?.token, 1)
}

pub async fn a_held_lock_names_its_holder_and_nothing_is_written(table: Table) -> Verdict {
    let holder = opening(new_id(), 0);
    table.store.open(&holder).await?;
    for observed in [0, 1, 7] {
        let second = opening(new_id(), observed);
        match table.store.open(&second).await? {
            Opened::Held(lock) => Broken::unless_same("the lock", lock, table.lock().await?)?,
            other => return Err(Broken(format!("{other:?} with token {observed}"))),
        }
        Broken::unless_same("a record", table.store.newest(second.entry.id).await?, None)?;
    }
    Broken::unless_same(
        "the list",
        table.store.deployments(&shop(), &staging(), 10).await?,
        vec![holder.summary],
    )
}

pub async fn a_stale_token_takes_nothing(table: Table) -> Verdict {
    let first = opening(new_id(), 0);
    table.store.open(&first).await?;
    table.store.close(&closing(first.entry.id, 2, 1)).await?;
    for stale in [0, 2] {
        let second = opening(new_id(), stale);
        Broken::unless_same("opened", table.store.open(&second).await?, Opened::LockMoved)?;
        Broken::unless_same("a record", table.store.newest(second.entry.id).await?, None)?;
    }
    Broken::unless_same(
        "with the right one",
        table.store.open(&opening(new_id(), 1)).await?,
        Opened::Written,
    )?;
    Broken::unless_same("the token", table.lock().await?.token, 2)
}

pub async fn of_sixteen_openers_one_wins(table: Table) -> Verdict {
    for round in 0..5 {
        let outcomes = at_once(16, |_| {
            let (store, opening) = (table.store.clone(), opening(new_id(), round));
            async move { Ok((opening.entry.id, settled(|| store.open(&opening)).await?)) }
        });
        let outcomes = outcomes.await?;
        let won: Vec<_> =
            outcomes.iter().filter(|(_, opened)| *opened == Opened::Written).map(|(id, _)| *id).collect();
        Broken::unless(won.len() == 1, || format!("{won:?} hold the lock at once"))?;
        let lock = table.lock().await?;
        Broken::unless_same("the lock", (lock.holder, lock.token), (Some(won[0]), round + 1))?;
        for (id, opened) in outcomes {
            let written = table.store.newest(id).await?.is_some();
            Broken::unless_same("a record", written, id == won[0])?;
            if id != won[0] {
                Broken::unless_same("what a loser is told", opened, Opened::Held(lock.clone()))?;
            }
        }
        table.store.close(&closing(won[0], 2, round + 1)).await?;
    }
    Ok(())
}

/// The same id, each delivery a write of its own.
pub async fn sixteen_deliveries_of_one_request_are_one_deployment(table: Table) -> Verdict {
    let id = new_id();
    let outcomes = at_once(16, |_| {
        let (store, opening) = (table.store.clone(), opening(id, 0));
        async move { settled(|| store.open(&opening)).await }
    });
    let outcomes = outcomes.await?;
    let won = outcomes.iter().filter(|opened| **opened == Opened::Written).count();
    Broken::unless_same("writers that were told that it stands", won, 1)?;
    let item = table.store.newest(id).await?.map(Box::new);
    for opened in outcomes.into_iter().filter(|opened| *opened != Opened::Written) {
        match opened {
            Opened::AlreadyRecorded(recorded) => {
                Broken::unless_same("the record", Some(recorded), item.clone())?
            }
            other => return Err(Broken(format!("a later delivery is told {other:?}"))),
        }
    }
    Broken::unless_same("the token", table.lock().await?.token, 1)
}

pub async fn a_rejection_needs_its_holder(table: Table) -> Verdict {
    let holder = opening(new_id(), 0);
    table.store.open(&holder).await?;
    let refused = rejected(new_id(), Some(holder.entry.id));
    for _ in 0..2 {
        Broken::unless_same("the same write", table.store.reject(&refused).await?, Opened::Written)?;
    }
    let moved = |because_of| rejected(new_id(), Some(because_of));
    let by_nobody = moved(new_id());
    Broken::unless_same("because of another", table.store.reject(&by_nobody).await?, Opened::LockMoved)?;
    table.store.close(&closing(holder.entry.id, 2, 1)).await?;
    let too_late = moved(holder.entry.id);
    Broken::unless_same("after the end", table.store.reject(&too_late).await?, Opened::LockMoved)?;
    for none in [by_nobody, too_late] {
        Broken::unless_same("a record", table.store.newest(none.entry.id).await?, None)?;
    }
    let without = rejected(new_id(), None);
    Broken::unless_same("for another reason", table.store.reject(&without).await?, Opened::Written)
}

pub async fn a_recorded_deployment_is_neither_opened_nor_rejected_again(table: Table) -> Verdict {
    let first = opening(new_id(), 0);
    table.store.open(&first).await?;
    table.store.close(&closing(first.entry.id, 2, 1)).await?;
    let next = opening(new_id(), 1);
    table.store.open(&next).await?;
    let expected = Opened::AlreadyRecorded(Box::new(first.entry.clone()));
    let again = Opening { entry: another(first.entry.clone()), ..first.clone() };
    Broken::unless_same("opened", table.store.open(&again).await?, expected.clone())?;
    let refused = rejected(first.entry.id, Some(next.entry.id));
    let refused = Rejected { entry: another(refused.entry.clone()), ..refused };
    Broken::unless_same("rejected", table.store.reject(&refused).await?, expected)
}

fn another(entry: lockstep::ports::Entry) -> lockstep::ports::Entry {
    lockstep::ports::Entry { write_id: "another".to_owned(), ..entry }
}
