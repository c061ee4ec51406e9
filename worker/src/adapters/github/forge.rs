//! GitHub as the [`Forge`] port: each call to the file that knows it. Must hold no logic.

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::{CommitSha, DeploymentId};

use super::client::Client;
use super::settings::{GitHubSettings, GitHubSetupError};
use super::{checks, releases, runs, source, tags};
use crate::ports::{Answer, BuildRun, Checks, Dispatch, Forge, NewRelease, Release, ReleaseChange};

/// One repository at GitHub.
pub struct GitHubForge {
    client: Client,
}

impl GitHubForge {
    /// A forge for one repository. Nothing is sent yet. Call it inside a Tokio runtime: octocrab starts a task
    /// there and panics outside of one.
    ///
    /// # Errors
    /// [`GitHubSetupError`]: the URL, the token or the App's key is unusable as it is.
    pub fn new(settings: GitHubSettings) -> Result<Self, GitHubSetupError> {
        Client::new(settings).map(|client| Self { client })
    }
}

#[async_trait]
impl Forge for GitHubForge {
    async fn default_branch(&self) -> Answer<String> {
        source::default_branch(&self.client).await
    }

    async fn resolve(&self, reference: &str) -> Answer<Option<CommitSha>> {
        source::resolve(&self.client, reference).await
    }

    async fn is_on_branch(&self, commit: &CommitSha, branch: &str) -> Answer<bool> {
        source::is_on_branch(&self.client, commit, branch).await
    }

    async fn checks(&self, commit: &CommitSha) -> Answer<Checks> {
        checks::checks(&self.client, commit).await
    }

    async fn file(&self, path: &str, commit: &CommitSha) -> Answer<Option<String>> {
        source::file(&self.client, path, commit).await
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        runs::dispatch(&self.client, dispatch).await
    }

    async fn find_run(
        &self,
        workflow: &str,
        deployment: DeploymentId,
        since: Timestamp,
    ) -> Answer<Option<BuildRun>> {
        runs::find_run(&self.client, workflow, deployment, since).await
    }

    async fn run(&self, id: u64) -> Answer<Option<BuildRun>> {
        runs::run(&self.client, id).await
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        tags::tag_commit(&self.client, tag).await
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        releases::release(&self.client, tag).await
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        releases::latest_release(&self.client).await
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        releases::create(&self.client, new).await
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        releases::change(&self.client, id, change).await
    }
}
