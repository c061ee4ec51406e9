//! The table, watched: every answer and every item that was written is shown to a watcher. Must never change, delay or fail what
//! passes through it.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};

use crate::faults::Fault;
use crate::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentView, HoldChanged, HoldRecord, Holding,
    ImageRecord, Opened, Opening, Recorded, Rejected, Releasing, RunBinding, Store, Summary, VersionBinding,
};

/// Who is shown what a table answers. Must return at once.
pub trait StoreWatcher: Send + Sync {
    /// An item was written.
    fn wrote(&self, entry: &Entry);

    /// The table has answered, or failed so.
    fn answered(&self, fault: Option<&Fault>);
}

/// A table whose answers are shown to a watcher.
pub struct WatchedStore {
    table: Arc<dyn Store>,
    watcher: Arc<dyn StoreWatcher>,
}

impl WatchedStore {
    /// The table, watched.
    #[must_use]
    pub fn new(table: Arc<dyn Store>, watcher: Arc<dyn StoreWatcher>) -> Self {
        Self { table, watcher }
    }

    fn seen<T>(&self, answer: Answer<T>) -> Answer<T> {
        self.watcher.answered(answer.as_ref().err());
        answer
    }
}

#[async_trait]
impl Store for WatchedStore {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        self.seen(self.table.newest(id).await)
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        self.seen(self.table.history(id, after).await)
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        let appended = self.seen(self.table.append(entry).await)?;
        if appended == Appended::Written {
            self.watcher.wrote(entry);
        }
        Ok(appended)
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        let opened = self.seen(self.table.open(opening).await)?;
        if opened == Opened::Written {
            self.watcher.wrote(&opening.entry);
        }
        Ok(opened)
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        let opened = self.seen(self.table.reject(rejected).await)?;
        // What a stranger asked for is in no list, and told to nobody: else whoever may send could flood a chat.
        if opened == Opened::Written && rejected.summary.is_some() {
            self.watcher.wrote(&rejected.entry);
        }
        Ok(opened)
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        let appended = self.seen(self.table.close(closing).await)?;
        if appended == Appended::Written {
            self.watcher.wrote(&closing.entry);
        }
        Ok(appended)
    }

    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        self.seen(self.table.hold(holding).await)
    }

    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        self.seen(self.table.release_hold(releasing).await)
    }

    async fn holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        self.seen(self.table.holds(application, environment, limit).await)
    }

    async fn environment(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        self.seen(self.table.environment(application, environment).await)
    }

    async fn deployments(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        self.seen(self.table.deployments(application, environment, limit).await)
    }

    async fn image(&self, application: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        self.seen(self.table.image(application, commit).await)
    }

    async fn record_image(&self, application: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        self.seen(self.table.record_image(application, image).await)
    }

    async fn version(
        &self,
        application: &ApplicationName,
        version: &Version,
    ) -> Answer<Option<VersionBinding>> {
        self.seen(self.table.version(application, version).await)
    }

    async fn bind_version(
        &self,
        application: &ApplicationName,
        binding: &VersionBinding,
    ) -> Answer<VersionBinding> {
        self.seen(self.table.bind_version(application, binding).await)
    }

    async fn bind_run(&self, application: &ApplicationName, binding: &RunBinding) -> Answer<RunBinding> {
        self.seen(self.table.bind_run(application, binding).await)
    }

    async fn beta(&self, application: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        self.seen(self.table.beta(application, tag).await)
    }

    async fn releases(
        &self,
        application: &ApplicationName,
    ) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.seen(self.table.releases(application).await)
    }
}
