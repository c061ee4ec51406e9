//! How far a rollout is, for somebody who watches it. Nothing is decided by it: what a rollout came to is the worker's to
//! judge, through [`super::Cluster`]. Every look may lag behind by some seconds.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Answer, ServiceRef};

/// A service at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProgress {
    /// Its task definitions that run or start, the newest first.
    pub revisions: Vec<RevisionProgress>,
    /// Its newest events, newest first (at most 20).
    pub events: Vec<ProgressEvent>,
}

/// The tasks of one task definition in a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionProgress {
    /// The task definition's ARN.
    pub task_definition: String,
    /// How many tasks should run.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are starting.
    pub pending: u32,
    /// How many failed to reach RUNNING or a passed health check, as ECS's circuit breaker counts them.
    pub failed: u32,
}

/// One of a service's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressEvent {
    /// ECS's id of it.
    pub id: String,
    /// When, by ECS's clock.
    pub at: Timestamp,
    /// ECS's words.
    pub message: String,
}

/// Looks at a service. Changes nothing.
#[async_trait]
pub trait Progress: Send + Sync {
    /// The service now; `None` when there is none (or it is INACTIVE).
    async fn progress(&self, service: &ServiceRef) -> Answer<Option<ServiceProgress>>;
}
