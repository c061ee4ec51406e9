//! The end of a deployment: everything at once, or nothing; and never two holders around it.

use conformance::{Broken, Verdict};
use lockstep::faults::FaultKind;
use lockstep::ports::{Appended, Closing, Entry, EnvironmentRecord, Opened, Opening, Store};

use crate::fixtures::{Table, at_once, beta, closing, entry, new_id, opening, settled, shop, staging};

/// With a changed environment and a healthy beta.
fn full(id: lockstep_events::DeploymentId, seq: u64, token: u64) -> Closing {
    let record =
        EnvironmentRecord { dirty: Some("to see it".to_owned()), desired: Some(3), ..Default::default() };
    Closing { record: Some(record), beta: Some(beta(id, 'b')), ..closing(id, seq, token) }
}

impl Table {
    /// Fails unless a closing has left nothing behind.
    async fn untouched(&self, closing: &Closing, holder: lockstep_events::DeploymentId) -> Verdict {
        let view = self.store.environment(&shop(), &staging()).await?;
        Broken::unless_same("the lock's holder", view.lock.holder, Some(holder))?;
        Broken::unless_same("the record", view.record, EnvironmentRecord::default())?;
        Broken::unless_same("the beta", self.store.beta(&shop(), &beta(holder, 'b').tag).await?, None)?;
        let written = self.store.history(closing.entry.id, 0).await?;
        let ours = written.iter().any(|item| item.write_id == closing.entry.write_id);
        Broken::unless(!ours, || "the last item was written".to_owned())
    }
}

pub async fn closing_writes_everything_and_lets_go(table: Table) -> Verdict {
    let opening = opening(new_id(), 0);
    table.store.open(&opening).await?;
    let closing = full(opening.entry.id, 2, 1);
    Broken::unless_same("closed", table.store.close(&closing).await?, Appended::Written)?;
    let view = table.store.environment(&shop(), &staging()).await?;
    Broken::unless_same("the lock", (view.lock.holder, view.lock.token), (None, 1))?;
    Broken::unless_same("the record", Some(view.record), closing.record)?;
    let tag = beta(opening.entry.id, 'b').tag;
    Broken::unless_same("the beta", table.store.beta(&shop(), &tag).await?, closing.beta)?;
    Broken::unless_same("the newest", table.store.newest(opening.entry.id).await?, Some(closing.entry))?;
    let listed = table.store.deployments(&shop(), &staging(), 1).await?;
    Broken::unless_same("the list", listed[0].outcome.as_deref(), Some("healthy"))
}

/// By its token within ten minutes; also after the next one has taken the lock.
pub async fn closing_again_is_recognised(table: Table) -> Verdict {
    let first = opening(new_id(), 0);
    table.store.open(&first).await?;
    let closing = full(first.entry.id, 2, 1);
    table.store.close(&closing).await?;
    Broken::unless_same("the same write", table.store.close(&closing).await?, Appended::Written)?;
    let next = opening(new_id(), 1);
    table.store.open(&next).await?;
    // Another request to DynamoDB (its detail differs), so that no token answers for us: the item does.
    let mut later = closing.clone();
    later.entry.detail.push_str(", seen again");
    later.token = 2;
    Broken::unless_same("the same item", table.store.close(&later).await?, Appended::Written)?;
    Broken::unless_same("the holder", table.lock().await?.holder, Some(next.entry.id))
}

pub async fn another_token_or_holder_closes_nothing(table: Table) -> Verdict {
    let holder = opening(new_id(), 0);
    table.store.open(&holder).await?;
    let id = holder.entry.id;
    let stale = full(id, 2, 0);
    let lost = Appended::Lost(Box::new(holder.entry.clone()));
    Broken::unless_same("another token", table.store.close(&stale).await?, lost)?;
    table.untouched(&stale, id).await?;

    let stranger = entry(new_id(), 1);
    table.store.append(&stranger).await?;
    let foreign = full(stranger.id, 2, 1);
    let lost = Appended::Lost(Box::new(stranger));
    Broken::unless_same("another deployment", table.store.close(&foreign).await?, lost)?;
    table.untouched(&foreign, id).await
}

pub async fn a_number_that_is_taken_closes_nothing(table: Table) -> Verdict {
    let holder = opening(new_id(), 0);
    table.store.open(&holder).await?;
    let second = entry(holder.entry.id, 2);
    table.store.append(&second).await?;
    let late = full(holder.entry.id, 2, 1);
    let lost = Appended::Lost(Box::new(second));
    Broken::unless_same("closed", table.store.close(&late).await?, lost)?;
    table.untouched(&late, holder.entry.id).await
}

pub async fn a_beta_of_another_image_closes_nothing(table: Table) -> Verdict {
    for (round, (digit, stands)) in (0..).zip([('b', true), ('b', true), ('c', false)]) {
        let opening = opening(new_id(), round);
        table.store.open(&opening).await?;
        let closing =
            Closing { beta: Some(beta(opening.entry.id, digit)), ..closing(opening.entry.id, 2, round + 1) };
        match table.store.close(&closing).await {
            Ok(outcome) => {
                Broken::unless(stands && outcome == Appended::Written, || format!("{digit}: {outcome:?}"))?
            }
            Err(fault) => {
                Broken::unless(!stands && fault.kind == FaultKind::Refused, || format!("{digit}: {fault}"))?;
                Broken::unless_same("the holder", table.lock().await?.holder, Some(opening.entry.id))?;
            }
        }
    }
    Ok(())
}

/// Sixteen workers that think they end it, each with an item of its own.
pub async fn of_sixteen_closings_one_stands(table: Table) -> Verdict {
    for round in 0..3 {
        let opening = opening(new_id(), round);
        table.store.open(&opening).await?;
        let outcomes = at_once(16, |_| {
            let (store, closing) = (table.store.clone(), closing(opening.entry.id, 2, round + 1));
            async move { Ok((settled(|| store.close(&closing)).await?, closing.entry)) }
        });
        let outcomes = outcomes.await?;
        let won: Vec<&Entry> = outcomes
            .iter()
            .filter(|(outcome, _)| *outcome == Appended::Written)
            .map(|(_, entry)| entry)
            .collect();
        Broken::unless(won.len() == 1, || format!("{} closings were told that they stand", won.len()))?;
        for (outcome, entry) in &outcomes {
            if entry != won[0] {
                let expected = Appended::Lost(Box::new(won[0].clone()));
                Broken::unless_same("what a loser is told", outcome, &expected)?;
            }
        }
        Broken::unless_same("the holder", table.lock().await?.holder, None)?;
    }
    Ok(())
}

/// Whoever opens while another closes gets the lock after it or not at all, and under a higher token.
pub async fn openers_and_a_closer_never_hold_it_together(table: Table) -> Verdict {
    let first = opening(new_id(), 0);
    table.store.open(&first).await?;
    let mut holder = first.entry.id;
    for token in 1..=10 {
        let outcomes = at_once(8, |n| {
            let (store, closing, opening) =
                (table.store.clone(), closing(holder, 2, token), opening(new_id(), token));
            async move {
                if n == 0 {
                    settled(|| store.close(&closing)).await?;
                    return Ok(None);
                }
                Ok((settled(|| store.open(&opening)).await? == Opened::Written).then_some(opening.entry.id))
            }
        });
        let won: Vec<_> = outcomes.await?.into_iter().flatten().collect();
        Broken::unless(won.len() <= 1, || format!("{won:?} hold the lock at once"))?;
        let lock = table.lock().await?;
        Broken::unless_same("the holder", lock.holder, won.first().copied())?;
        Broken::unless_same("the token", lock.token, token + won.len() as u64)?;
        holder = match won.first() {
            Some(winner) => *winner,
            // All came too early. The next round needs a holder.
            None => {
                let next = Opening { observed_token: token, ..opening(new_id(), token) };
                table.store.open(&next).await?;
                next.entry.id
            }
        };
    }
    Ok(())
}
