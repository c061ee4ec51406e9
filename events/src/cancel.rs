//! The request to stop a deployment. A wish, never a command: the state machine decides what is still safe.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DeploymentId, Reason, Requester};

/// "Stop this deployment." Before anything was deployed it ends in cancelled; during a rollout it is rolled
/// back; after the end it comes too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequested {
    /// The deployment to stop.
    pub id: DeploymentId,
    /// Who asks.
    pub requester: Requester,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}
