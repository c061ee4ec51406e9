//! The worker's message to itself. It wakes and proves nothing: what to do is read from the table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::DeploymentId;

/// "Look at this deployment again." Numbered, so that of all the copies that crashes and redeliveries make
/// only the newest chain lives (protocol rules 6 and 7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WakeUp {
    /// Which deployment.
    pub id: DeploymentId,
    /// The number of this wake-up; one below the record's is stale and dropped.
    pub number: u64,
    /// Set when the sender found the deployment claimed by a worker that may be dead: the sequence number
    /// of the newest history item it saw. If that is still the newest one when this message arrives, at
    /// least one lease later, the claim may be taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover_of: Option<u64>,
}
