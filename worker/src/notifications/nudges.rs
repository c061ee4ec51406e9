//! How the announcer learns at once of what this worker records: a table that tells it of every item worth telling.
//! A nudge is a hint and may be lost; the announcer's own look at the lists finds what nobody told it of. Must never
//! delay or change a write.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};
use tokio::sync::mpsc;

use super::occasion;
use crate::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentView, HoldChanged, HoldRecord, Holding,
    ImageRecord, Opened, Opening, Recorded, Rejected, Releasing, RunBinding, Store, Summary, VersionBinding,
};

/// How many nudges wait at most; one more is dropped.
const WAITING: usize = 256;

/// What the announcer is nudged about.
pub type Nudges = mpsc::Receiver<DeploymentId>;

/// A table that nudges.
pub struct NudgingStore {
    table: Arc<dyn Store>,
    nudge: mpsc::Sender<DeploymentId>,
}

impl NudgingStore {
    /// The table with the end at which its nudges arrive.
    #[must_use]
    pub fn new(table: Arc<dyn Store>) -> (Self, Nudges) {
        let (nudge, nudges) = mpsc::channel(WAITING);
        (Self { table, nudge }, nudges)
    }

    fn recorded(&self, entry: &Entry) {
        if occasion::of(entry).is_some() {
            // Full, or nobody listens any more: the next look at the lists finds it.
            let _ = self.nudge.try_send(entry.id);
        }
    }
}

#[async_trait]
impl Store for NudgingStore {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        self.table.newest(id).await
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        self.table.history(id, after).await
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        let appended = self.table.append(entry).await?;
        if appended == Appended::Written {
            self.recorded(entry);
        }
        Ok(appended)
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        let opened = self.table.open(opening).await?;
        if opened == Opened::Written {
            self.recorded(&opening.entry);
        }
        Ok(opened)
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        let opened = self.table.reject(rejected).await?;
        if opened == Opened::Written {
            self.recorded(&rejected.entry);
        }
        Ok(opened)
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        let appended = self.table.close(closing).await?;
        if appended == Appended::Written {
            self.recorded(&closing.entry);
        }
        Ok(appended)
    }

    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        self.table.hold(holding).await
    }

    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        self.table.release_hold(releasing).await
    }

    async fn holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        self.table.holds(application, environment, limit).await
    }

    async fn environment(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        self.table.environment(application, environment).await
    }

    async fn deployments(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        self.table.deployments(application, environment, limit).await
    }

    async fn image(&self, application: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        self.table.image(application, commit).await
    }

    async fn record_image(&self, application: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        self.table.record_image(application, image).await
    }

    async fn version(
        &self,
        application: &ApplicationName,
        version: &Version,
    ) -> Answer<Option<VersionBinding>> {
        self.table.version(application, version).await
    }

    async fn bind_version(
        &self,
        application: &ApplicationName,
        binding: &VersionBinding,
    ) -> Answer<VersionBinding> {
        self.table.bind_version(application, binding).await
    }

    async fn bind_run(&self, application: &ApplicationName, binding: &RunBinding) -> Answer<RunBinding> {
        self.table.bind_run(application, binding).await
    }

    async fn beta(&self, application: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        self.table.beta(application, tag).await
    }

    async fn releases(
        &self,
        application: &ApplicationName,
    ) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.table.releases(application).await
    }
}
