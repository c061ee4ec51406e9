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
    /// Set when the deployment was claimed by a worker that may be dead: its claim. If that still stands in the
    /// newest history item when this message arrives, at least one lease later, it may be taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takeover_of: Option<Claim>,
}

/// A claim as it stands in a history item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The item's sequence number: a holder that has moved on holds another claim.
    pub item: u64,
    /// The claim's nonce. The number alone could be another worker's item: this message is sent before the
    /// commit that it is about, which may be lost.
    pub nonce: String,
}
