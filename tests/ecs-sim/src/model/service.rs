//! A service: what is wanted, the deployments that bring it about, and its history.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rules::default_configuration;
use super::{Deployment, DeploymentStatus, Millis, RolloutRules, ServiceEvent};

/// `status` of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceStatus {
    /// In use.
    Active,
    /// Deleted; its tasks are still stopping.
    Draining,
    /// Deleted and empty.
    Inactive,
}

/// The last rollout that COMPLETED: where a rollback goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompletedRollout {
    /// The deployment's id.
    pub deployment_id: String,
    /// Its service revision.
    pub revision: String,
    /// Its task definition.
    pub task_definition: String,
}

/// A service of a cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Service {
    /// Its ARN.
    pub arn: String,
    /// Its name, unique in the cluster.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// ACTIVE until deleted.
    pub status: ServiceStatus,
    /// When it was created.
    pub created_at: Millis,
    /// How many tasks are wanted.
    pub desired_count: u32,
    /// ARN of the PRIMARY's task definition.
    pub task_definition: String,
    /// Every other member that was sent on creation and update, given back as it was.
    pub settings: Map<String, Value>,
    /// Newest first; the PRIMARY leads.
    pub deployments: Vec<Deployment>,
    /// Newest first.
    pub events: VecDeque<ServiceEvent>,
    /// Where a rollback goes.
    pub last_completed: Option<CompletedRollout>,
    /// ARN of the newest service deployment.
    pub current_service_deployment: Option<String>,
    /// ARN of the one before it.
    pub previous_service_deployment: Option<String>,
    /// Whether "has reached a steady state" was said since the last change.
    pub steady: bool,
    /// The port that was asked for; 0 for any.
    pub wanted_front_port: u16,
    /// The stable port in front of its tasks, once open.
    pub front_port: Option<u16>,
}

impl Service {
    /// The deployment that starts tasks. A service always has one.
    pub fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.status == DeploymentStatus::Primary)
    }

    pub(crate) fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.status == DeploymentStatus::Primary)
    }

    /// The stored `deploymentConfiguration`.
    pub fn configuration(&self) -> Value {
        self.settings.get("deploymentConfiguration").cloned().unwrap_or_else(default_configuration)
    }

    /// The same, read.
    pub fn rules(&self) -> RolloutRules {
        RolloutRules::read(&self.configuration())
    }
}
