//! A release as an environment knows it.

use jiff::Timestamp;
use lockstep_events::{CommitSha, DeploymentId, ImageDigest, Version};
use serde::{Deserialize, Serialize};

/// What was seen healthy: the whole chain from version to running task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthyRelease {
    /// The deployment that showed it healthy.
    pub deployment: DeploymentId,
    /// Its version.
    pub version: Version,
    /// The image tag that names it: a beta tag, or the version.
    pub image_tag: String,
    /// The commit it was built from; unknown when the release was found and not made by Lockstep.
    pub commit: Option<CommitSha>,
    /// What runs.
    pub digest: ImageDigest,
    /// The task definition's ARN.
    pub task_definition: String,
    /// When it was seen healthy.
    pub at: Timestamp,
}
