//! The table as [`Store`]: which operation serves which call. Must hold no logic of its own.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};

use super::keys::Key;
use crate::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentView, HoldChanged, HoldRecord, Holding,
    ImageRecord, Opened, Opening, Recorded, Rejected, Releasing, RunBinding, Store, Summary, VersionBinding,
};

/// The table, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct DynamoDbStore {
    pub(super) client: Client,
    pub(super) table: String,
}

impl DynamoDbStore {
    /// A store on this table; nothing is called yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

#[async_trait]
impl Store for DynamoDbStore {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        self.newest_entry(id).await
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        self.entries_after(id, after).await
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        self.put_entry(entry).await
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        self.take_lock(opening).await
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        self.write_rejected(rejected).await
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        self.release_lock(closing).await
    }

    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        self.set_hold(holding).await
    }

    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        self.end_hold(releasing).await
    }

    async fn holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        self.newest_holds(application, environment, limit).await
    }

    async fn environment(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        self.environment_view(application, environment).await
    }

    async fn deployments(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        self.newest_summaries(application, environment, limit).await
    }

    async fn image(&self, application: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        self.get(&Key::image(application, commit)).await
    }

    async fn record_image(&self, application: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        self.put_once(&Key::image(application, &image.commit), image).await
    }

    async fn version(
        &self,
        application: &ApplicationName,
        version: &Version,
    ) -> Answer<Option<VersionBinding>> {
        self.get(&Key::version(application, version)).await
    }

    async fn bind_version(
        &self,
        application: &ApplicationName,
        binding: &VersionBinding,
    ) -> Answer<VersionBinding> {
        self.put_once(&Key::version(application, &binding.version), binding).await
    }

    async fn bind_run(&self, application: &ApplicationName, binding: &RunBinding) -> Answer<RunBinding> {
        self.put_once(&Key::run(application, binding.run, binding.attempt), binding).await
    }

    async fn beta(&self, application: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        self.get(&Key::beta(application, tag)).await
    }

    async fn releases(
        &self,
        application: &ApplicationName,
    ) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.betas_and_versions(application).await
    }
}
