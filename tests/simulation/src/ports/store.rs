//! The table's port. Every read is of the present moment: the table's reads are strongly consistent.

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentView, HoldChanged, HoldRecord, Holding,
    ImageRecord, Opened, Opening, Recorded, Rejected, Releasing, RunBinding, Store, Summary, VersionBinding,
};
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};

use crate::services::table::Table;
use crate::wire::Line;

/// The table.
pub(crate) struct SimStore(pub(crate) Line);

impl SimStore {
    async fn read<T: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&Table) -> T + Send + 'static,
    ) -> Answer<T> {
        self.0.call(Service::DynamoDb, operation, |universe| Ok(look(&universe.table))).await
    }

    async fn write<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Answer<T> {
        let written = self.0.call(Service::DynamoDb, operation, |universe| {
            universe.table.now = universe.now;
            universe.changed = true;
            Ok(work(&mut universe.table))
        });
        written.await
    }

    /// As [`Self::write`], with a line about the history item that stands afterwards, if it is this one.
    async fn write_item<T: Send + 'static>(
        &self,
        operation: &'static str,
        entry: Entry,
        work: impl FnOnce(&mut Table) -> T + Send + 'static,
    ) -> Answer<T> {
        let written = self.0.call(Service::DynamoDb, operation, move |universe| {
            universe.table.now = universe.now;
            universe.changed = true;
            let outcome = work(&mut universe.table);
            let stands =
                universe.table.newest(entry.id).is_some_and(|newest| newest.write_id == entry.write_id);
            let Entry { id, seq, from, to, event, detail, .. } = &entry;
            let how = if stands { "" } else { "REFUSED " };
            universe.note(format_args!("{how}{id} {seq}: {from} -> {to} by {event}: {detail}"));
            Ok(outcome)
        });
        written.await
    }
}

#[async_trait]
impl Store for SimStore {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        self.read("newest", move |table| table.newest(id).cloned()).await
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        self.read("history", move |table| {
            let rows = table.lives.get(&id).map(|life| life.rows.as_slice()).unwrap_or_default();
            rows.iter().map(|row| row.entry.clone()).filter(|entry| entry.seq > after).collect()
        })
        .await
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        let entry = entry.clone();
        self.write_item("append", entry.clone(), move |table| table.put(&entry)).await
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        let opening = opening.clone();
        self.write_item("open", opening.entry.clone(), move |table| table.open(&opening)).await
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        let rejected = rejected.clone();
        self.write_item("reject", rejected.entry.clone(), move |table| table.reject(&rejected)).await
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        let closing = closing.clone();
        self.write_item("close", closing.entry.clone(), move |table| table.close(&closing)).await
    }

    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        let holding = holding.clone();
        self.write("hold", move |table| table.hold(&holding)).await
    }

    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        let releasing = releasing.clone();
        self.write("release_hold", move |table| table.release(&releasing)).await
    }

    async fn holds(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        let (environment, limit) = (environment.clone(), usize::try_from(limit).unwrap_or(usize::MAX));
        self.read("holds", move |table| {
            let holds = table.holds.get(&environment);
            holds.into_iter().flat_map(|holds| holds.values().rev()).take(limit).cloned().collect()
        })
        .await
    }

    async fn environment(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        let environment = environment.clone();
        self.read("environment", move |table| EnvironmentView {
            lock: table.lock(&environment),
            record: table.records.get(&environment).cloned().unwrap_or_default(),
        })
        .await
    }

    async fn deployments(
        &self,
        _: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        let (environment, limit) = (environment.clone(), usize::try_from(limit).unwrap_or(usize::MAX));
        self.read("deployments", move |table| {
            let list = table.lists.get(&environment);
            list.into_iter().flat_map(|list| list.values().rev()).take(limit).cloned().collect()
        })
        .await
    }

    async fn image(&self, _: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        let commit = commit.to_string();
        self.read("image", move |table| table.images.get(&commit).cloned()).await
    }

    async fn record_image(&self, _: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        let (key, image) = (image.commit.to_string(), image.clone());
        self.write("record_image", move |table| table.images.entry(key).or_insert(image).clone()).await
    }

    async fn version(&self, _: &ApplicationName, version: &Version) -> Answer<Option<VersionBinding>> {
        let version = version.to_string();
        self.read("version", move |table| table.versions.get(&version).cloned()).await
    }

    async fn bind_version(&self, _: &ApplicationName, ours: &VersionBinding) -> Answer<VersionBinding> {
        let (key, ours) = (ours.version.to_string(), ours.clone());
        self.write("bind_version", move |table| table.versions.entry(key).or_insert(ours).clone()).await
    }

    async fn bind_run(&self, _: &ApplicationName, ours: &RunBinding) -> Answer<RunBinding> {
        let (key, ours) = ((ours.run, ours.attempt), ours.clone());
        self.write("bind_run", move |table| table.runs.entry(key).or_insert(ours).clone()).await
    }

    async fn beta(&self, _: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        let tag = tag.to_string();
        self.read("beta", move |table| table.betas.get(&tag).cloned()).await
    }

    async fn releases(&self, _: &ApplicationName) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.read("releases", |table| {
            let mut betas: Vec<_> = table.betas.values().cloned().collect();
            let mut versions: Vec<_> = table.versions.values().cloned().collect();
            betas.sort_by_key(|beta| std::cmp::Reverse(beta.at));
            versions.sort_by_key(|version| std::cmp::Reverse(version.at));
            (betas, versions)
        })
        .await
    }
}
