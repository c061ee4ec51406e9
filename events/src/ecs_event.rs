//! What EventBridge sends when an ECS deployment changes. A hint: it may be late, doubled, out of order or
//! about somebody else's deployment, so it must never be taken for a fact (the service is read again).
//!
//! Source: Amazon ECS Developer Guide, "Amazon ECS service deployment state change events".

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The EventBridge envelope of an `ECS Deployment State Change`. Unknown fields are allowed: AWS adds some
/// without notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EcsDeploymentStateChange {
    /// EventBridge's id of this event.
    pub id: String,
    /// The account that the service lives in.
    pub account: String,
    /// The region that the service lives in.
    pub region: String,
    /// When it happened.
    pub time: Timestamp,
    /// The first one is the service's ARN.
    pub resources: Vec<String>,
    /// What happened.
    pub detail: EcsDeploymentDetail,
}

/// The detail of an `ECS Deployment State Change`. Only which change it was is required: an event that lacks the
/// rest is still a reason to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EcsDeploymentDetail {
    /// `INFO` or `ERROR`; empty if the event does not say.
    #[serde(default)]
    pub event_type: String,
    /// Which change.
    pub event_name: EcsDeploymentEventName,
    /// The rollout's id, `ecs-svc/` and digits; empty if the event does not say.
    #[serde(default)]
    pub deployment_id: String,
    /// When the deployment was last updated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// AWS's own words; empty if the event has none.
    #[serde(default)]
    pub reason: String,
}

/// Which change a deployment state event reports. COMPLETED is sent for a completed rollback too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum EcsDeploymentEventName {
    /// The rollout (or a rollback) began or went on.
    #[serde(rename = "SERVICE_DEPLOYMENT_IN_PROGRESS")]
    InProgress,
    /// The rollout (or a rollback) came to its end.
    #[serde(rename = "SERVICE_DEPLOYMENT_COMPLETED")]
    Completed,
    /// The circuit breaker gave the rollout up.
    #[serde(rename = "SERVICE_DEPLOYMENT_FAILED")]
    Failed,
    /// A name that AWS added later: still a reason to look.
    #[serde(untagged)]
    Other(String),
}

impl EcsDeploymentStateChange {
    /// The rollout that changed, if the event names one.
    #[must_use]
    pub fn rollout(&self) -> Option<&str> {
        Some(self.detail.deployment_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The service that changed, if the event names one.
    #[must_use]
    pub fn service_arn(&self) -> Option<&str> {
        self.resources.first().map(String::as_str)
    }
}
