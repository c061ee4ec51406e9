//! Why a deployment did not become healthy, in terms that a person on call understands. Texts here are
//! stored for ever; they must never hold a secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ReadinessSeen;

/// A request that cannot be accepted as it is. Nothing was touched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which rule refused it.
    pub code: RefusalCode,
    /// What was found, what was expected, what to do.
    pub message: String,
}

/// The rule that refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// Another deployment holds the environment's lock.
    LockHeld,
    /// The environment is on hold.
    OnHold,
    /// A freeze window of the environment is on.
    Frozen,
    /// Whoever asks may not deploy there, or not so.
    NotAllowed,
    /// The run that asks was not approved by whoever must approve it.
    NotApproved,
    /// No such application or environment, or a target that the environment does not take.
    WrongTarget,
    /// The ref names no commit.
    UnknownRef,
    /// The commit is not on the default branch.
    NotOnDefaultBranch,
    /// A check of the commit failed.
    ChecksFailed,
    /// The configured file holds no usable version.
    VersionUnreadable,
    /// There is no release with the beta's tag.
    UnknownBeta,
    /// The release with that tag is not a prerelease.
    NotAPrerelease,
    /// The image of the beta (or of the baseline) is not in the registry.
    ImageGone,
    /// The beta has not been healthy in staging.
    NeverHealthy,
    /// The version is bound to another commit or digest.
    VersionTaken,
    /// An image tag or git tag names something else already.
    TagTaken,
    /// The ECS service cannot be deployed to as it is set up.
    ServiceUnfit,
}

/// What ended the way forward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure.
    pub code: FailureCode,
    /// The state in which it happened.
    pub during: String,
    /// What happened, in words.
    pub message: String,
    /// What was seen at that moment.
    #[serde(default)]
    pub evidence: Evidence,
    /// When.
    pub at: Timestamp,
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The build did not succeed.
    Build,
    /// The image or release is not what it must be.
    Artifact,
    /// The database's fresh task did not come up.
    Database,
    /// The baseline release did not come up; the candidate was never deployed.
    Baseline,
    /// The rollout failed, or ECS's circuit breaker rolled it back.
    Rollout,
    /// Something else runs than what was built.
    Parity,
    /// The application did not answer ready in time.
    Readiness,
    /// Somebody else changed the service meanwhile.
    Superseded,
    /// A state's deadline passed.
    Deadline,
    /// A service kept failing until the retries were used up, or refused for good.
    Service,
    /// Somebody asked to stop it.
    Cancelled,
    /// An operator unlocked the environment by force: it was left as it stood.
    Unlocked,
}

/// What was seen when something failed; short enough to be stored with every later state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The newest service events, newest first (at most 5).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub service_events: Vec<String>,
    /// The last stopped tasks with reason and exit codes (at most 3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stopped_tasks: Vec<String>,
    /// The last readiness answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<ReadinessSeen>,
}
