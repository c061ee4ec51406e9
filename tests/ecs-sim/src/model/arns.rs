//! How ECS spells the names of its things.
//!
//! Formats from the service authorization reference of Amazon ECS ("Resource types defined by Amazon ECS").
//! Nothing here looks anything up: a name that parses need not exist.

use serde::{Deserialize, Serialize};

/// Builds ARNs for one account in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arns {
    /// For example `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account_id: String,
}

impl Arns {
    fn of(&self, resource: &str) -> String {
        format!("arn:aws:ecs:{}:{}:{resource}", self.region, self.account_id)
    }

    /// `cluster/NAME`.
    pub fn cluster(&self, cluster: &str) -> String {
        self.of(&format!("cluster/{cluster}"))
    }

    /// `service/CLUSTER/NAME` (the long format, the only one that AWS still issues).
    pub fn service(&self, cluster: &str, service: &str) -> String {
        self.of(&format!("service/{cluster}/{service}"))
    }

    /// `task/CLUSTER/ID`.
    pub fn task(&self, cluster: &str, id: &str) -> String {
        self.of(&format!("task/{cluster}/{id}"))
    }

    /// `container/CLUSTER/TASK/ID`.
    pub fn container(&self, cluster: &str, task: &str, id: &str) -> String {
        self.of(&format!("container/{cluster}/{task}/{id}"))
    }

    /// `task-definition/FAMILY:REVISION`.
    pub fn task_definition(&self, family: &str, revision: u32) -> String {
        self.of(&format!("task-definition/{family}:{revision}"))
    }

    /// `service-deployment/CLUSTER/SERVICE/ID`.
    pub fn service_deployment(&self, cluster: &str, service: &str, id: &str) -> String {
        self.of(&format!("service-deployment/{cluster}/{service}/{id}"))
    }

    /// `service-revision/CLUSTER/SERVICE/NUMBER`.
    pub fn service_revision(&self, cluster: &str, service: &str, number: &str) -> String {
        self.of(&format!("service-revision/{cluster}/{service}/{number}"))
    }
}

/// The last segment of a name or ARN: `arn:…:service/c/web` and `web` both give `web`.
pub(crate) fn last_segment(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}
