//! Finding what a caller named, by name or by ARN.

use super::arns::last_segment;
use super::{ApiError, Service, World};

impl World {
    /// The cluster a caller named; `default` when none was.
    ///
    /// # Errors
    /// `ClusterNotFoundException`.
    pub fn cluster_name(&self, reference: Option<&str>) -> Result<String, ApiError> {
        let name = last_segment(reference.filter(|text| !text.is_empty()).unwrap_or("default"));
        if self.clusters.contains(name) { Ok(name.to_owned()) } else { Err(ApiError::cluster_not_found()) }
    }

    /// The service a caller named within a cluster.
    ///
    /// # Errors
    /// `ServiceNotFoundException`.
    pub fn service(&self, cluster: &str, reference: &str) -> Result<&Service, ApiError> {
        self.services
            .get(&self.arns.service(cluster, last_segment(reference)))
            .ok_or_else(ApiError::service_not_found)
    }

    /// The ARN a caller meant by a task's id or ARN.
    pub fn task_arn(&self, cluster: &str, reference: &str) -> String {
        self.arns.task(cluster, last_segment(reference))
    }
}
