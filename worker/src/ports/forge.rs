//! The forge (GitHub), bound to one repository: source, checks, builds and releases.

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::{CommitSha, DeploymentId};

use super::{Answer, ReviewRules, RunReview, WorkflowRun};

/// The checks of a commit: check runs and commit statuses together, newest of each name, and the workflow
/// runs of the commit that have not completed. Such a run may still start jobs, so that its check runs alone
/// could all have passed too early. Runs that somebody dispatched, and their check runs, do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checks {
    /// Names that succeeded (or were neutral or skipped).
    pub passed: Vec<String>,
    /// Names that ended in anything else.
    pub failed: Vec<String>,
    /// Names that have not ended; a workflow run that has not is here under its workflow's name.
    pub pending: Vec<String>,
}

/// A build to dispatch: the workflow's inputs. The deployment's id and the commit must come to stand in the run's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// The workflow's file name, such as `build-image.yml`.
    pub workflow: String,
    /// The ref whose workflow file runs (the default branch).
    pub reference: String,
    /// The workflow's inputs.
    pub inputs: Vec<(String, String)>,
}

/// How far a build is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildStatus {
    /// Not finished: GitHub's word for it (`queued`, `in_progress`, …).
    Running(String),
    /// Finished: GitHub's conclusion (`success`, `failure`, `cancelled`, …).
    Finished(String),
}

/// One run of the build workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRun {
    /// GitHub's id of the run.
    pub id: u64,
    /// The attempt, from 1; a person may re-run a run.
    pub attempt: u32,
    /// How far it is.
    pub status: BuildStatus,
    /// Where a person can look at it.
    pub url: String,
}

/// A release or prerelease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// GitHub's id of it.
    pub id: u64,
    /// Its git tag.
    pub tag: String,
    /// Whether it is marked as a prerelease.
    pub prerelease: bool,
    /// Whether it is a draft (and so visible to maintainers only).
    pub draft: bool,
    /// Its notes.
    pub body: String,
    /// Where a person can look at it.
    pub url: String,
}

/// A release to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    /// Its git tag, created at `commit` when it does not exist (GitHub ignores the commit when it does:
    /// compare [`Forge::tag_commit`] first and after).
    pub tag: String,
    /// The commit.
    pub commit: CommitSha,
    /// Whether to mark it as a prerelease.
    pub prerelease: bool,
    /// Whether it becomes "latest" (always false for a prerelease).
    pub make_latest: bool,
    /// Text to stand before the notes that GitHub generates.
    pub preface: String,
}

/// What to change of a release; `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseChange {
    /// Make it (or stop it being) "latest".
    pub make_latest: Option<bool>,
    /// Replace the notes.
    pub body: Option<String>,
}

/// Reads the repository and acts on it. No call is ever repeated by the adapter itself: a dispatch or a
/// creation that was answered by an error may have happened, and only the engine knows how to find out.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The name of the default branch.
    async fn default_branch(&self) -> Answer<String>;

    /// The commit that a branch, tag or SHA names; `None` when it names nothing.
    async fn resolve(&self, reference: &str) -> Answer<Option<CommitSha>>;

    /// Whether the commit is on the branch (compare says `behind` or `identical`).
    async fn is_on_branch(&self, commit: &CommitSha, branch: &str) -> Answer<bool>;

    /// The commit's checks.
    async fn checks(&self, commit: &CommitSha) -> Answer<Checks>;

    /// A text file at a commit; `None` when there is none.
    async fn file(&self, path: &str, commit: &CommitSha) -> Answer<Option<String>>;

    /// Starts a build; the run's id when GitHub tells it. NOT idempotent.
    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>>;

    /// The first run of the workflow on the branch, created at or after `since`, whose name carries the deployment's id and
    /// the commit. A run may take a while to be listed, and of some GitHub does not say the branch: these count. Whoever may
    /// write to the repository may dispatch the workflow with any deployment's id and commit, which are in the open, as a
    /// branch of theirs has it: such a run is not ours.
    async fn find_run(
        &self,
        workflow: &str,
        branch: &str,
        deployment: DeploymentId,
        commit: &CommitSha,
        since: Timestamp,
    ) -> Answer<Option<BuildRun>>;

    /// A run by its id; `None` when there is none.
    async fn run(&self, id: u64) -> Answer<Option<BuildRun>>;

    /// A run of whatever workflow by its id, with where it came from; `None` when there is none.
    async fn workflow_run(&self, id: u64) -> Answer<Option<WorkflowRun>>;

    /// The reviews of a run's waiting deployments, of all its attempts (GitHub does not say of which).
    async fn reviews(&self, run: u64) -> Answer<Vec<RunReview>>;

    /// Whether runs wait for a review before they deploy to this environment; `None` when there is no such
    /// environment.
    async fn review_rules(&self, environment: &str) -> Answer<Option<ReviewRules>>;

    /// The commit that a git tag names, annotated tags peeled; `None` without such a tag.
    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>>;

    /// The release of a tag; `None` without one.
    async fn release(&self, tag: &str) -> Answer<Option<Release>>;

    /// The release marked "latest"; `None` before the first.
    async fn latest_release(&self) -> Answer<Option<Release>>;

    /// Creates a release with generated notes. NOT idempotent (a second one is refused by GitHub: 422).
    async fn create_release(&self, new: &NewRelease) -> Answer<Release>;

    /// Changes a release. Converges.
    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()>;
}
