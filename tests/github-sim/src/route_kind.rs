//! The names of the routes, by which knobs and the log speak of them.
//!
//! Every route of the API has exactly one name; the control routes have none and are never disturbed.

use serde::{Deserialize, Serialize};

/// A kind of call. In JSON in snake case, such as `create_release`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name says which call it is; `http/router.rs` lists their paths")]
pub enum RouteKind {
    RateLimit,
    GetInstallation,
    CreateAccessToken,
    GetRepository,
    GetCommit,
    Compare,
    GetContent,
    CombinedStatus,
    ListStatuses,
    CreateStatus,
    ListCheckRuns,
    ListCheckSuites,
    GetReference,
    ListReferences,
    CreateReference,
    UpdateReference,
    DeleteReference,
    GetTagObject,
    CreateTagObject,
    ListReleases,
    GetRelease,
    GetLatestRelease,
    GetReleaseByTag,
    CreateRelease,
    UpdateRelease,
    DeleteRelease,
    GenerateNotes,
    ListWorkflows,
    GetWorkflow,
    Dispatch,
    ListRuns,
    GetRun,
    GetRunAttempt,
    ListJobs,
    CancelRun,
    Rerun,
    ListReviews,
    ListEnvironments,
    GetEnvironment,
    CreateDeployment,
    ListDeployments,
    GetDeployment,
    CreateDeploymentStatus,
    ListDeploymentStatuses,
    GetDeploymentStatus,
}

impl RouteKind {
    /// Whether the caller is the GitHub App itself, with a web token that it signed.
    pub(crate) fn is_for_apps(self) -> bool {
        matches!(self, Self::GetInstallation | Self::CreateAccessToken)
    }

    /// Whether a call that is no GET still changes nothing that the log is about.
    pub(crate) fn is_unlogged(self) -> bool {
        matches!(self, Self::CreateAccessToken | Self::GenerateNotes)
    }
}
