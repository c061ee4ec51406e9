//! How a repository is set up on GitHub: its workflows, and the rules that guard branches and environments.

use async_trait::async_trait;

use crate::ports::Answer;

/// The repository, as the configured credential sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySetup {
    /// Its default branch.
    pub default_branch: String,
    /// Whether the credential may push, if GitHub says so.
    pub push: Option<bool>,
}

/// A workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowFile {
    /// Its path in the repository.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// From where an environment can be deployed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BranchPolicy {
    /// From every branch and tag.
    Any,
    /// From every protected branch.
    Protected,
    /// From branches and tags of these name patterns.
    Named(Vec<String>),
}

/// The protection rules of a GitHub environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentProtection {
    /// How many people and teams can approve; 0 when no approval is asked for.
    pub reviewers: usize,
    /// Whether who started a run cannot approve it.
    pub prevents_self_review: bool,
    /// From where.
    pub branches: BranchPolicy,
}

/// What holds for a branch, by branch protection and rulesets together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// Changes come by pull request, with at least this many approvals.
    pub approvals: Option<u32>,
    /// The checks that must pass.
    pub checks: Vec<String>,
    /// Whether history cannot be rewritten.
    pub refuses_force_pushes: bool,
    /// Whether it cannot be deleted.
    pub refuses_deletion: bool,
    /// Whether administrators are bound too; `None` where GitHub does not say (rulesets hide who may bypass them).
    pub binds_administrators: Option<bool>,
    /// Why branch protection could not be read, if it could not; then these are the rulesets' rules alone.
    pub unread: Option<String>,
}

/// Which actions may run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionsSetup {
    /// Whether Actions run at all.
    pub enabled: bool,
    /// `all`, `local_only` or `selected`.
    pub allowed: String,
    /// Whether GitHub itself refuses actions that are not pinned by commit, if it says so.
    pub pinning_required: Option<bool>,
    /// The patterns that are allowed beside GitHub's and verified creators' actions, if so selected.
    pub patterns: Vec<String>,
    /// Whether every action of GitHub's own is allowed.
    pub github_owned: bool,
    /// Whether every action of a verified creator is allowed.
    pub verified: bool,
}

/// Looks at a repository's settings.
#[async_trait]
pub trait ForgeInspector: Send + Sync {
    /// The repository; `None` when there is none or the credential may not see it.
    async fn repository(&self) -> Answer<Option<RepositorySetup>>;

    /// The workflow files of a branch.
    async fn workflows(&self, branch: &str) -> Answer<Vec<WorkflowFile>>;

    /// A workflow's state, such as `active` or `disabled_manually`, by its file name; `None` when GitHub knows
    /// no such workflow.
    async fn workflow_state(&self, file: &str) -> Answer<Option<String>>;

    /// A text file of a branch; `None` when there is none.
    async fn text(&self, path: &str, branch: &str) -> Answer<Option<String>>;

    /// An environment's protection; `None` when there is no such environment.
    async fn environment(&self, name: &str) -> Answer<Option<EnvironmentProtection>>;

    /// What holds for a branch.
    async fn branch_rules(&self, branch: &str) -> Answer<BranchRules>;

    /// Which actions may run.
    async fn actions(&self) -> Answer<ActionsSetup>;
}
