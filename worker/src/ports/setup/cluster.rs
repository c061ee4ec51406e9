//! How a cluster's services and their containers are set up.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::ports::{Answer, CircuitBreaker, RolloutState, ServiceRef};

/// A service's settings and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSetup {
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks it should run.
    pub desired: u32,
    /// How many it runs.
    pub running: u32,
    /// Who deploys: `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    /// `ROLLING`, `BLUE_GREEN`, …; `ROLLING` where ECS does not say.
    pub strategy: String,
    /// Its circuit breaker.
    pub circuit_breaker: CircuitBreaker,
    /// The percentage of the desired tasks that must stay running during a rollout.
    pub minimum_healthy_percent: u32,
    /// The percentage of the desired tasks that may run at once during a rollout.
    pub maximum_percent: u32,
    /// Whether a load balancer sends it requests.
    pub load_balanced: bool,
    /// For how long a new task's failed health checks are borne with, in seconds.
    pub grace_seconds: u32,
    /// The task definition of its PRIMARY deployment and how that rollout stands.
    pub primary: Option<(String, RolloutState)>,
    /// What ECS said of it last.
    pub newest_event: Option<String>,
}

/// A container of a task definition. Names of variables only: a value may be a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContainerSetup {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The environment variables that have a value.
    pub environment: BTreeSet<String>,
    /// The environment variables that come from a secret.
    pub secrets: BTreeSet<String>,
    /// Whether its root file system cannot be written to.
    pub read_only_root: bool,
    /// Whether it has a health check of its own.
    pub health_check: bool,
}

/// Looks at clusters.
#[async_trait]
pub trait ClusterInspector: Send + Sync {
    /// A cluster's status, such as `ACTIVE`; `None` when there is none.
    async fn cluster(&self, name: &str) -> Answer<Option<String>>;

    /// A service; `None` when there is none.
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceSetup>>;

    /// The containers of a task definition; `None` when there is none.
    async fn containers(&self, task_definition: &str) -> Answer<Option<Vec<ContainerSetup>>>;
}
