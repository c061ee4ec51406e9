//! The table: every condition of the store's contract, judged at one moment each, and a log of what was
//! written, by which the invariants are judged. Must never accept what the real table refuses, unless that
//! condition has been taken out on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockstep::ports::{
    Appended, BetaRecord, Closing, Entry, EnvironmentRecord, HoldChanged, HoldRecord, Holding, ImageRecord,
    Lock, Opened, Opening, Rejected, Releasing, RunBinding, Summary, VersionBinding,
};
use lockstep_events::{DeploymentId, EnvironmentName};
use uuid::Uuid;

use crate::sabotage::Sabotage;

pub(crate) const FREE: Lock = Lock { holder: None, token: 0, since: None, actor: None, hold: None };

/// A history item with what the log knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) entry: Entry,
    /// When it was written, by the table's clock.
    pub(crate) at: Duration,
    /// How many different items have stood there.
    pub(crate) writes: u32,
}

/// A deployment as the log knows it.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) environment: EnvironmentName,
    /// The token with which it took the lock; `None` if it was rejected.
    pub(crate) token: Option<u64>,
    pub(crate) rows: Vec<Row>,
}

impl Life {
    pub(crate) fn is_terminal(&self) -> bool {
        self.rows.last().is_some_and(|row| row.entry.terminal)
    }
}

/// Items and log.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) now: Duration,
    pub(crate) lives: BTreeMap<DeploymentId, Life>,
    pub(crate) locks: BTreeMap<EnvironmentName, Lock>,
    pub(crate) records: BTreeMap<EnvironmentName, EnvironmentRecord>,
    pub(crate) lists: BTreeMap<EnvironmentName, BTreeMap<DeploymentId, Summary>>,
    pub(crate) holds: BTreeMap<EnvironmentName, BTreeMap<Uuid, HoldRecord>>,
    pub(crate) images: BTreeMap<String, ImageRecord>,
    pub(crate) versions: BTreeMap<String, VersionBinding>,
    pub(crate) betas: BTreeMap<String, BetaRecord>,
    pub(crate) runs: BTreeMap<(u64, u32), RunBinding>,
    /// Who took each lock, in order.
    pub(crate) openings: BTreeMap<EnvironmentName, Vec<(DeploymentId, u64)>>,
    /// Who wrote each record, in order.
    pub(crate) writers: BTreeMap<EnvironmentName, Vec<DeploymentId>>,
}

impl Table {
    fn is_sabotaged(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }

    pub(crate) fn newest(&self, id: DeploymentId) -> Option<&Entry> {
        self.lives.get(&id)?.rows.last().map(|row| &row.entry)
    }

    fn standing(&self, id: DeploymentId, seq: u64) -> Option<&Entry> {
        let rows = &self.lives.get(&id)?.rows;
        rows.iter().map(|row| &row.entry).find(|entry| entry.seq == seq)
    }

    /// Every state that a deployment was in.
    pub(crate) fn states(&self) -> BTreeSet<String> {
        let rows = self.lives.values().flat_map(|life| &life.rows);
        rows.map(|row| row.entry.to.clone()).collect()
    }

    pub(crate) fn lock(&self, environment: &EnvironmentName) -> Lock {
        self.locks.get(environment).cloned().unwrap_or(FREE)
    }

    /// Puts a history item if its number is free.
    pub(crate) fn put(&mut self, entry: &Entry) -> Appended {
        if let Some(standing) = self.standing(entry.id, entry.seq) {
            if standing.write_id == entry.write_id {
                return Appended::Written;
            }
            if !self.is_sabotaged(Sabotage::ItemsOverwritten) {
                return Appended::Lost(Box::new(standing.clone()));
            }
        }
        self.write(entry);
        Appended::Written
    }

    fn write(&mut self, entry: &Entry) {
        let now = self.now;
        let Some(life) = self.lives.get_mut(&entry.id) else { return };
        match life.rows.iter_mut().find(|row| row.entry.seq == entry.seq) {
            Some(row) => {
                row.entry = entry.clone();
                row.writes += 1;
            }
            None => life.rows.push(Row { entry: entry.clone(), at: now, writes: 1 }),
        }
    }

    fn begin(
        &mut self,
        environment: &EnvironmentName,
        token: Option<u64>,
        entry: &Entry,
        summary: Option<&Summary>,
    ) {
        let life = Life { environment: environment.clone(), token, rows: Vec::new() };
        self.lives.insert(entry.id, life);
        self.write(entry);
        if let Some(summary) = summary {
            self.lists.entry(environment.clone()).or_default().insert(summary.id, summary.clone());
        }
    }

    fn first(&self, entry: &Entry) -> Option<Opened> {
        let first = self.standing(entry.id, 1)?;
        Some(if first.write_id == entry.write_id {
            Opened::Written
        } else {
            Opened::AlreadyRecorded(Box::new(first.clone()))
        })
    }

    pub(crate) fn open(&mut self, opening: &Opening) -> Opened {
        if let Some(recorded) = self.first(&opening.entry) {
            return recorded;
        }
        let lock = self.lock(&opening.environment);
        if let Some(hold) = lock.hold.clone().filter(|hold| Some(hold.id) != opening.ended_hold) {
            return Opened::OnHold(hold);
        }
        if lock.holder.is_some() && !self.is_sabotaged(Sabotage::LockIgnored) {
            return Opened::Held(lock);
        }
        if lock.token != opening.observed_token {
            return Opened::LockMoved;
        }
        let token = opening.observed_token + 1;
        let lock = Lock {
            holder: Some(opening.entry.id),
            token,
            since: Some(opening.entry.at),
            actor: Some(opening.summary.actor.clone()),
            hold: lock.hold,
        };
        self.locks.insert(opening.environment.clone(), lock);
        self.openings.entry(opening.environment.clone()).or_default().push((opening.entry.id, token));
        self.begin(&opening.environment, Some(token), &opening.entry, Some(&opening.summary));
        Opened::Written
    }

    pub(crate) fn reject(&mut self, rejected: &Rejected) -> Opened {
        if let Some(recorded) = self.first(&rejected.entry) {
            return recorded;
        }
        if rejected.because_of.is_some() && self.lock(&rejected.environment).holder != rejected.because_of {
            return Opened::LockMoved;
        }
        self.begin(&rejected.environment, None, &rejected.entry, rejected.summary.as_ref());
        Opened::Written
    }

    pub(crate) fn hold(&mut self, holding: &Holding) -> HoldChanged {
        let mut lock = self.lock(&holding.environment);
        let standing = lock.hold.as_ref().map(|hold| hold.id);
        if standing == Some(holding.hold.id) {
            return HoldChanged::Written;
        }
        if standing != holding.replaces.as_ref().map(|record| record.hold.id) {
            return HoldChanged::Moved(lock.hold);
        }
        lock.hold = Some(holding.hold.clone());
        self.locks.insert(holding.environment.clone(), lock);
        let records = self.holds.entry(holding.environment.clone()).or_default();
        records.extend(holding.replaces.iter().map(|old| (old.hold.id, old.clone())));
        records.insert(holding.hold.id, HoldRecord { hold: holding.hold.clone(), released: None });
        HoldChanged::Written
    }

    pub(crate) fn release(&mut self, releasing: &Releasing) -> HoldChanged {
        let mut lock = self.lock(&releasing.environment);
        if lock.hold.as_ref().map(|hold| hold.id) != Some(releasing.hold.id) {
            return HoldChanged::Moved(lock.hold);
        }
        lock.hold = None;
        self.locks.insert(releasing.environment.clone(), lock);
        let record = HoldRecord { hold: releasing.hold.clone(), released: Some(releasing.release.clone()) };
        self.holds.entry(releasing.environment.clone()).or_default().insert(record.hold.id, record);
        HoldChanged::Written
    }

    pub(crate) fn close(&mut self, closing: &Closing) -> Appended {
        let (id, environment) = (closing.entry.id, &closing.environment);
        if let Some(standing) = self.standing(id, closing.entry.seq) {
            if standing.write_id == closing.entry.write_id {
                return Appended::Written;
            }
            if !self.is_sabotaged(Sabotage::ItemsOverwritten) {
                return Appended::Lost(Box::new(standing.clone()));
            }
        }
        let lock = self.lock(environment);
        if (lock.holder != Some(id) || lock.token != closing.token)
            && !self.is_sabotaged(Sabotage::LockIgnored)
        {
            let newest = self.newest(id).unwrap_or(&closing.entry);
            return Appended::Lost(Box::new(newest.clone()));
        }
        if !self.is_sabotaged(Sabotage::LockKept) {
            self.locks.insert(environment.clone(), Lock { token: lock.token, hold: lock.hold, ..FREE });
        }
        if let Some(record) = &closing.record {
            self.records.insert(environment.clone(), record.clone());
            self.writers.entry(environment.clone()).or_default().push(id);
        }
        if let Some(beta) = &closing.beta {
            self.betas.insert(beta.tag.to_string(), beta.clone());
        }
        let list = self.lists.entry(environment.clone()).or_default();
        list.insert(closing.summary.id, closing.summary.clone());
        self.write(&closing.entry);
        Appended::Written
    }
}
