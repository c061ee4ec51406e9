//! The table: the same conditions as the port's contract states, judged under one mutex. It must never accept
//! what the real table refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentRecord, EnvironmentView, HoldChanged,
    HoldRecord, Holding, ImageRecord, Lock, Opened, Opening, Recorded, Rejected, Releasing, RunBinding,
    Store, Summary, VersionBinding,
};
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};
use uuid::Uuid;

use super::{Wire, commit};

const FREE: Lock = Lock { holder: None, token: 0, since: None, actor: None, hold: None };

#[derive(Default)]
struct Table {
    histories: BTreeMap<DeploymentId, Vec<Entry>>,
    locks: BTreeMap<EnvironmentName, Lock>,
    records: BTreeMap<EnvironmentName, EnvironmentRecord>,
    lists: BTreeMap<EnvironmentName, BTreeMap<DeploymentId, Summary>>,
    holds: BTreeMap<EnvironmentName, BTreeMap<Uuid, HoldRecord>>,
    images: BTreeMap<String, ImageRecord>,
    versions: BTreeMap<String, VersionBinding>,
    betas: BTreeMap<String, BetaRecord>,
    runs: BTreeMap<(u64, u32), RunBinding>,
}

impl Table {
    /// Puts a history item if its number is free.
    fn put(&mut self, entry: &Entry) -> Appended {
        let history = self.histories.entry(entry.id).or_default();
        let number = usize::try_from(entry.seq).unwrap();
        match history.get(number - 1) {
            Some(standing) if standing.write_id == entry.write_id => Appended::Written,
            Some(standing) => Appended::Lost(Box::new(standing.clone())),
            None => {
                assert_eq!(number, history.len() + 1, "a history without gaps");
                history.push(entry.clone());
                Appended::Written
            }
        }
    }

    fn first(&self, id: DeploymentId) -> Option<Opened> {
        let first = self.histories.get(&id)?.first()?;
        Some(Opened::AlreadyRecorded(Box::new(first.clone())))
    }

    fn list(&mut self, environment: &EnvironmentName, summary: &Summary) {
        self.lists.entry(environment.clone()).or_default().insert(summary.id, summary.clone());
    }

    fn open(&mut self, opening: &Opening) -> Opened {
        if let Some(recorded) = self.first(opening.entry.id) {
            return recorded;
        }
        let lock = self.locks.entry(opening.environment.clone()).or_insert(FREE);
        if let Some(hold) = lock.hold.clone().filter(|hold| Some(hold.id) != opening.ended_hold) {
            return Opened::OnHold(hold);
        }
        if lock.holder.is_some() {
            return Opened::Held(lock.clone());
        }
        if lock.token != opening.observed_token {
            return Opened::LockMoved;
        }
        *lock = Lock {
            holder: Some(opening.entry.id),
            token: opening.observed_token + 1,
            since: Some(opening.entry.at),
            actor: Some(opening.summary.actor.clone()),
            hold: lock.hold.take(),
        };
        self.put(&opening.entry);
        self.list(&opening.environment, &opening.summary);
        Opened::Written
    }

    fn reject(&mut self, rejected: &Rejected) -> Opened {
        if let Some(recorded) = self.first(rejected.entry.id) {
            return recorded;
        }
        let holder = self.locks.get(&rejected.environment).and_then(|lock| lock.holder);
        if rejected.because_of.is_some() && holder != rejected.because_of {
            return Opened::LockMoved;
        }
        self.put(&rejected.entry);
        if let Some(summary) = &rejected.summary {
            self.list(&rejected.environment, summary);
        }
        Opened::Written
    }

    fn hold(&mut self, holding: &Holding) -> HoldChanged {
        let lock = self.locks.entry(holding.environment.clone()).or_insert(FREE);
        let standing = lock.hold.as_ref().map(|hold| hold.id);
        if standing == Some(holding.hold.id) {
            return HoldChanged::Written;
        }
        if standing != holding.replaces.as_ref().map(|record| record.hold.id) {
            return HoldChanged::Moved(lock.hold.clone());
        }
        lock.hold = Some(holding.hold.clone());
        let ours = HoldRecord { hold: holding.hold.clone(), released: None };
        let records = self.holds.entry(holding.environment.clone()).or_default();
        records.extend(holding.replaces.iter().chain([&ours]).map(|record| (record.hold.id, record.clone())));
        HoldChanged::Written
    }

    fn release(&mut self, releasing: &Releasing) -> HoldChanged {
        let lock = self.locks.entry(releasing.environment.clone()).or_insert(FREE);
        if lock.hold.as_ref().map(|hold| hold.id) != Some(releasing.hold.id) {
            return HoldChanged::Moved(lock.hold.clone());
        }
        lock.hold = None;
        let record = HoldRecord { hold: releasing.hold.clone(), released: Some(releasing.release.clone()) };
        self.holds.entry(releasing.environment.clone()).or_default().insert(record.hold.id, record);
        HoldChanged::Written
    }

    fn close(&mut self, closing: &Closing) -> Appended {
        let id = closing.entry.id;
        let history = self.histories.get(&id).cloned().unwrap_or_default();
        if let Some(standing) = history.get(usize::try_from(closing.entry.seq).unwrap() - 1) {
            let ours = standing.write_id == closing.entry.write_id;
            return if ours { Appended::Written } else { Appended::Lost(Box::new(standing.clone())) };
        }
        let lock = self.locks.entry(closing.environment.clone()).or_insert(FREE);
        if lock.holder != Some(id) || lock.token != closing.token {
            return Appended::Lost(Box::new(history.last().unwrap().clone()));
        }
        *lock = Lock { token: lock.token, hold: lock.hold.take(), ..FREE };
        if let Some(record) = &closing.record {
            self.records.insert(closing.environment.clone(), record.clone());
        }
        if let Some(beta) = &closing.beta {
            self.betas.insert(beta.tag.to_string(), beta.clone());
        }
        self.list(&closing.environment, &closing.summary);
        self.put(&closing.entry)
    }
}

/// The table.
pub(crate) struct MemoryStore {
    wire: Arc<Wire>,
    table: Mutex<Table>,
}

impl MemoryStore {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, table: Mutex::default() }
    }

    /// The whole history of a deployment.
    pub(crate) fn items(&self, id: DeploymentId) -> Vec<Entry> {
        self.table.lock().unwrap().histories.get(&id).cloned().unwrap_or_default()
    }

    /// The lock of an environment.
    pub(crate) fn lock(&self, environment: &str) -> Lock {
        let table = self.table.lock().unwrap();
        table.locks.get(&environment.parse().unwrap()).cloned().unwrap_or(FREE)
    }

    /// Changes the lock of an environment by hand.
    pub(crate) fn set_lock(&self, environment: &str, lock: Lock) {
        self.table.lock().unwrap().locks.insert(environment.parse().unwrap(), lock);
    }

    /// The record of an environment.
    pub(crate) fn record(&self, environment: &str) -> EnvironmentRecord {
        let table = self.table.lock().unwrap();
        table.records.get(&environment.parse().unwrap()).cloned().unwrap_or_default()
    }

    /// Sets the record of an environment.
    pub(crate) fn set_record(&self, environment: &str, record: EnvironmentRecord) {
        self.table.lock().unwrap().records.insert(environment.parse().unwrap(), record);
    }

    /// Which deployment an attempt of a run is bound to.
    pub(crate) fn bound(&self, run: u64, attempt: u32) -> Option<DeploymentId> {
        self.table.lock().unwrap().runs.get(&(run, attempt)).map(|binding| binding.deployment)
    }

    /// Gives every beta that was healthy this commit.
    pub(crate) fn recommit_betas(&self, commit: &CommitSha) {
        self.table.lock().unwrap().betas.values_mut().for_each(|beta| beta.commit = commit.clone());
    }

    /// Forgets every beta that was healthy.
    pub(crate) fn forget_betas(&self) {
        self.table.lock().unwrap().betas.clear();
    }

    /// Binds a version, whatever it meant.
    pub(crate) fn rebind_version(&self, binding: VersionBinding) {
        self.table.lock().unwrap().versions.insert(binding.version.to_string(), binding);
    }

    /// Records the image of a commit, whatever it was.
    pub(crate) fn rebuild(&self, image: ImageRecord) {
        self.table.lock().unwrap().images.insert(image.commit.to_string(), image);
    }

    async fn ask<T>(&self, operation: &'static str, work: impl FnOnce(&mut Table) -> T + Send) -> Answer<T> {
        self.wire.send(Service::DynamoDb, operation, || work(&mut self.table.lock().unwrap())).await
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        self.ask("newest", |t| t.histories.get(&id).and_then(|history| history.last()).cloned()).await
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        let history = self.ask("history", |t| t.histories.get(&id).cloned()).await?;
        Ok(history.unwrap_or_default().into_iter().filter(|entry| entry.seq > after).collect())
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        self.wire.reach(&commit(&entry.event, &entry.to)).await;
        self.ask("append", |t| t.put(entry)).await
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        self.ask("open", |t| t.open(opening)).await
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        self.ask("reject", |t| t.reject(rejected)).await
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        self.wire.reach(&commit(&closing.entry.event, &closing.entry.to)).await;
        self.ask("close", |t| t.close(closing)).await
    }

    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        self.ask("hold", |t| t.hold(holding)).await
    }

    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        self.ask("release_hold", |t| t.release(releasing)).await
    }

    async fn holds(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        let holds = self.ask("holds", |t| t.holds.get(environment).cloned()).await?;
        let newest_first = holds.unwrap_or_default().into_values().rev();
        Ok(newest_first.take(usize::try_from(limit).unwrap()).collect())
    }

    async fn environment(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        self.ask("environment", |t| EnvironmentView {
            lock: t.locks.get(environment).cloned().unwrap_or(FREE),
            record: t.records.get(environment).cloned().unwrap_or_default(),
        })
        .await
    }

    async fn deployments(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        let list = self.ask("deployments", |t| t.lists.get(environment).cloned()).await?;
        let newest_first = list.unwrap_or_default().into_values().rev();
        Ok(newest_first.take(usize::try_from(limit).unwrap()).collect())
    }

    async fn image(&self, _: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        self.ask("image", |t| t.images.get(commit.as_str()).cloned()).await
    }

    async fn record_image(&self, _: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        let key = image.commit.to_string();
        self.ask("record_image", |t| t.images.entry(key).or_insert_with(|| image.clone()).clone()).await
    }

    async fn version(&self, _: &ApplicationName, version: &Version) -> Answer<Option<VersionBinding>> {
        self.ask("version", |t| t.versions.get(&version.to_string()).cloned()).await
    }

    async fn bind_version(&self, _: &ApplicationName, ours: &VersionBinding) -> Answer<VersionBinding> {
        let key = ours.version.to_string();
        self.ask("bind_version", |t| t.versions.entry(key).or_insert_with(|| ours.clone()).clone()).await
    }

    async fn bind_run(&self, _: &ApplicationName, ours: &RunBinding) -> Answer<RunBinding> {
        let key = (ours.run, ours.attempt);
        self.ask("bind_run", |t| t.runs.entry(key).or_insert_with(|| ours.clone()).clone()).await
    }

    async fn beta(&self, _: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        self.ask("beta", |t| t.betas.get(&tag.to_string()).cloned()).await
    }

    async fn releases(&self, _: &ApplicationName) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.ask("releases", |t| {
            let (mut betas, mut versions): (Vec<_>, Vec<_>) =
                (t.betas.values().cloned().collect(), t.versions.values().cloned().collect());
            betas.sort_by_key(|beta| std::cmp::Reverse(beta.at));
            versions.sort_by_key(|version| std::cmp::Reverse(version.at));
            (betas, versions)
        })
        .await
    }
}
