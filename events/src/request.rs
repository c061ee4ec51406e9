//! The request to deploy. It says who wants what where; it must never carry a secret, a digest or anything
//! else that the worker has to find out for itself.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApplicationName, BetaTag, DeploymentId, EnvironmentName, GitRef, Reason};

/// "Deploy this there." The id is the idempotency key: the same request may arrive any number of times and
/// is one deployment; the same id with other content is an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployRequested {
    /// Made by whoever asks.
    pub id: DeploymentId,
    /// Which application.
    pub application: ApplicationName,
    /// Which of its environments.
    pub environment: EnvironmentName,
    /// What to deploy there.
    pub target: Target,
    /// Who asks.
    pub requester: Requester,
    /// When the request was made, by the asker's clock: shown to people, never decided on.
    pub requested_at: Timestamp,
    /// Rules that a person set aside, each with a reason.
    #[serde(default)]
    pub overrides: Overrides,
}

/// What to deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Target {
    /// Build (or recognise) the image of a commit: what a staging environment takes.
    Commit {
        /// A branch, tag or full SHA; without one, the repository's default branch.
        #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
        reference: Option<GitRef>,
    },
    /// Promote a validated beta: what a production environment takes.
    Beta {
        /// The beta's tag.
        tag: BetaTag,
    },
}

/// Who asks. Recorded, shown to people, and not trusted as proof of identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// A GitHub login or a local user's name.
    pub actor: String,
    /// The workflow run that enqueued the request, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_run_id: Option<u64>,
    /// The attempt of that run, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_run_attempt: Option<u32>,
}

/// Rules that may be set aside for one deployment. Each keeps its reason in the history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// Staging: do not deploy the latest release before the beta (protocol rule 20).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_baseline: Option<Reason>,
    /// Production: promote a beta that has no healthy record in staging (protocol rule 15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_unvalidated: Option<Reason>,
    /// Deploy although a freeze window of the environment is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub despite_freeze: Option<Reason>,
}
