//! What the build workflow sends when it has come to its end. A hint: anybody who may send to the queue can
//! write it, and the run is read from the forge as ever. It must never carry a verdict or a digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DeploymentId;

/// "Look at this build now." Sent by the run itself, so the run is still about to end when this is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildFinished {
    /// The deployment that the build is for.
    pub id: DeploymentId,
    /// The workflow run that sent this.
    pub workflow_run_id: u64,
    /// The attempt of that run, from 1.
    pub workflow_run_attempt: u32,
}
