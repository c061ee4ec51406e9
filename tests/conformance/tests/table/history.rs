//! The store's histories: putting item N if it is absent is the commit of transition N.

use conformance::{Broken, Verdict};
use lockstep::faults::FaultKind;
use lockstep::ports::{Appended, Entry, Store};

use crate::fixtures::{Table, at_once, entry, new_id};

pub async fn of_many_appends_of_one_number_one_stands(table: Table) -> Verdict {
    let id = new_id();
    for seq in 1..6 {
        let outcomes = at_once(16, |_| {
            let (store, entry) = (table.store.clone(), entry(id, seq));
            async move { Ok((store.append(&entry).await?, entry)) }
        });
        let outcomes = outcomes.await?;
        let won: Vec<_> = outcomes.iter().filter(|(outcome, _)| *outcome == Appended::Written).collect();
        Broken::unless(won.len() == 1, || {
            format!("{} writers of item {seq} were told that it stands", won.len())
        })?;
        let stands = &won[0].1;
        for (outcome, mine) in &outcomes {
            if mine != stands {
                let expected = Appended::Lost(Box::new(stands.clone()));
                Broken::unless_same("what a loser is told", outcome, &expected)?;
            }
        }
        Broken::unless_same("the newest", table.store.newest(id).await?.as_ref(), Some(stands))?;
    }
    Ok(())
}

pub async fn a_write_whose_answer_was_lost_is_recognised(table: Table) -> Verdict {
    let mine = entry(new_id(), 1);
    for _ in 0..3 {
        Broken::unless_same("the same write", table.store.append(&mine).await?, Appended::Written)?;
    }
    let other = Entry { write_id: "another".to_owned(), ..mine.clone() };
    let expected = Appended::Lost(Box::new(mine));
    Broken::unless_same("the same content by another", table.store.append(&other).await?, expected)
}

/// Six pages: DynamoDB answers at most 1 MB at a time.
pub async fn a_long_history_is_read_whole_and_in_order(table: Table) -> Verdict {
    let id = new_id();
    let snapshot = "s".repeat(300_000);
    for seq in (1..=20_u64).rev() {
        table.store.append(&Entry { snapshot: snapshot.clone(), ..entry(id, seq) }).await?;
    }
    let found: Vec<u64> = table.store.history(id, 0).await?.iter().map(|item| item.seq).collect();
    Broken::unless_same("all", found, (1..=20).collect())?;
    let found: Vec<u64> = table.store.history(id, 9).await?.iter().map(|item| item.seq).collect();
    Broken::unless_same("after 9", found, (10..=20).collect())?;
    Broken::unless_same("of nobody", table.store.history(new_id(), 0).await?, Vec::new())
}

pub async fn the_newest_is_the_one_just_written(table: Table) -> Verdict {
    at_once(4, |_| {
        let store = table.store.clone();
        async move {
            let id = new_id();
            Broken::unless_same("before", store.newest(id).await?, None)?;
            for seq in 1..=30 {
                let entry = entry(id, seq);
                store.append(&entry).await?;
                Broken::unless_same("the newest", store.newest(id).await?, Some(entry))?;
            }
            Ok(())
        }
    })
    .await
    .map(|_| ())
}

pub async fn an_item_too_large_is_refused_for_good(table: Table) -> Verdict {
    let id = new_id();
    let large = Entry { snapshot: "s".repeat(401 * 1024), ..entry(id, 1) };
    match table.store.append(&large).await {
        Err(fault) => Broken::unless_same("the fault", fault.kind, FaultKind::Refused)?,
        Ok(outcome) => return Err(Broken(format!("an item of more than 400 KB: {outcome:?}"))),
    }
    Broken::unless_same("written", table.store.newest(id).await?, None)
}

pub async fn texts_come_back_as_they_were(table: Table) -> Verdict {
    for detail in ["", " ", "naïve — 部署 🚀", "line\nbreak\ttab", "\u{0}\u{1f}", "\"quoted\" \\ {}"] {
        let written =
            Entry { detail: detail.to_owned(), claim: Some(detail.to_owned()), ..entry(new_id(), 1) };
        table.store.append(&written).await?;
        Broken::unless_same("read", table.store.newest(written.id).await?, Some(written))?;
    }
    Ok(())
}
