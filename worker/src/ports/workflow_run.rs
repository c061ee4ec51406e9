//! What the forge tells about a run that asks for a deployment: where it came from and who approved it. Facts only; what
//! they are worth is judged in `effects/requester`.

use lockstep_events::CommitSha;

/// A run of any workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// GitHub's id of it.
    pub id: u64,
    /// The newest attempt, from 1.
    pub attempt: u32,
    /// Where a person can look at it.
    pub url: String,
    /// The path of its workflow file, such as `.github/workflows/deploy.yml`; `@` and a ref may follow.
    pub path: String,
    /// The event that started it, such as `workflow_dispatch`.
    pub event: String,
    /// Its title.
    pub title: String,
    /// The branch (or tag) that it was started on, if GitHub names one.
    pub head_branch: Option<String>,
    /// The commit whose workflow file it runs.
    pub head_sha: CommitSha,
    /// The repository that it belongs to, `owner/name`.
    pub repository: String,
    /// The repository of its commit; another one for a fork, none for a fork that is gone.
    pub head_repository: Option<String>,
    /// Who started it first, if GitHub names them.
    pub actor: Option<String>,
    /// Who started this attempt, if GitHub names them.
    pub triggering_actor: Option<String>,
    /// Whether it has ended.
    pub completed: bool,
}

/// What a review of a run said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// It may deploy.
    Approved,
    /// It may not.
    Rejected,
    /// Not decided, or in a word that this build does not know.
    Undecided,
}

/// A review of a run that waited for an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReview {
    /// What it said.
    pub state: ReviewState,
    /// Who reviewed, if GitHub still knows.
    pub by: Option<String>,
    /// In whose words.
    pub comment: String,
    /// For which environments.
    pub environments: Vec<String>,
}

/// Whether the forge makes runs wait for a review before they deploy to an environment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReviewRules {
    /// Whether they wait.
    pub required: bool,
    /// Whether who started a run cannot approve it.
    pub prevents_self_review: bool,
}
