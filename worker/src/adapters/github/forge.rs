//! GitHub as the [`Forge`] port: each call to the file that knows it. Must hold no logic.

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::{CommitSha, DeploymentId};

use super::client::Client;
use super::settings::{GitHubSettings, GitHubSetupError};
use super::{checks, protection, releases, requests, runs, source, tags};
use crate::ports::{
    Answer, BuildRun, Checks, Dispatch, Forge, NewRelease, Release, ReleaseChange, ReviewRules, RunReview,
    WorkflowRun,
};

/// One repository at GitHub.
pub struct GitHubForge {
    pub(super) client: Client,
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
        self.client.discreet(source::default_branch(&self.client).await)
    }

    async fn resolve(&self, reference: &str) -> Answer<Option<CommitSha>> {
        self.client.discreet(source::resolve(&self.client, reference).await)
    }

    async fn is_on_branch(&self, commit: &CommitSha, branch: &str) -> Answer<bool> {
        self.client.discreet(source::is_on_branch(&self.client, commit, branch).await)
    }

    async fn checks(&self, commit: &CommitSha) -> Answer<Checks> {
        self.client.discreet(checks::checks(&self.client, commit).await)
    }

    async fn file(&self, path: &str, commit: &CommitSha) -> Answer<Option<String>> {
        self.client.discreet(source::file(&self.client, path, commit).await)
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        self.client.discreet(runs::dispatch(&self.client, dispatch).await)
    }

    async fn find_run(
        &self,
        workflow: &str,
        branch: &str,
        deployment: DeploymentId,
        commit: &CommitSha,
        since: Timestamp,
    ) -> Answer<Option<BuildRun>> {
        let found = runs::find_run(&self.client, workflow, branch, deployment, commit, since).await;
        self.client.discreet(found)
    }

    async fn run(&self, id: u64) -> Answer<Option<BuildRun>> {
        self.client.discreet(runs::run(&self.client, id).await)
    }

    async fn workflow_run(&self, id: u64) -> Answer<Option<WorkflowRun>> {
        self.client.discreet(requests::workflow_run(&self.client, id).await)
    }

    async fn reviews(&self, run: u64) -> Answer<Vec<RunReview>> {
        self.client.discreet(requests::reviews(&self.client, run).await)
    }

    async fn review_rules(&self, environment: &str) -> Answer<Option<ReviewRules>> {
        self.client.discreet(protection::review_rules(&self.client, environment).await)
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        self.client.discreet(tags::tag_commit(&self.client, tag).await)
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        self.client.discreet(releases::release(&self.client, tag).await)
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        self.client.discreet(releases::latest_release(&self.client).await)
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        self.client.discreet(releases::create(&self.client, new).await)
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        self.client.discreet(releases::change(&self.client, id, change).await)
    }
}
