//! Deployments and their statuses.

use serde_json::{Value, json};

use super::users::user;
use super::view::{View, time};
use crate::model::deployments::{Deployment, DeploymentStatus};
use crate::model::ids::node_id;

impl View<'_> {
    /// A deployment.
    pub(crate) fn deployment(&self, deployment: &Deployment) -> Value {
        let (api, id, spec) = (self.api(), deployment.id, &deployment.spec);
        let own = format!("{api}/deployments/{id}");
        json!({
            "url": own,
            "id": id,
            "node_id": node_id("Deployment", id),
            "sha": deployment.sha,
            "ref": spec.reference,
            "task": spec.task,
            "payload": if spec.payload.is_null() { json!({}) } else { spec.payload.clone() },
            "original_environment": spec.environment,
            "environment": spec.environment,
            "description": spec.description,
            "creator": user(self.base, &deployment.creator),
            "created_at": time(deployment.created_at),
            "updated_at": time(deployment.updated_at),
            "statuses_url": format!("{own}/statuses"),
            "repository_url": api,
            "transient_environment": spec.transient_environment,
            "production_environment": deployment.is_production(),
            "performed_via_github_app": null,
        })
    }

    /// A status of a deployment.
    pub(crate) fn deployment_status(&self, deployment: &Deployment, status: &DeploymentStatus) -> Value {
        let api = self.api();
        let own = format!("{api}/deployments/{}", deployment.id);
        let spec = &status.spec;
        let log = spec.log_url.as_deref().unwrap_or_default();
        json!({
            "url": format!("{own}/statuses/{}", status.id),
            "id": status.id,
            "node_id": node_id("DeploymentStatus", status.id),
            "state": spec.state,
            "creator": user(self.base, &status.creator),
            "description": spec.description.as_deref().unwrap_or_default(),
            "environment": spec.environment.as_ref().unwrap_or(&deployment.spec.environment),
            "target_url": log,
            "created_at": time(status.at),
            "updated_at": time(status.at),
            "deployment_url": own,
            "repository_url": api,
            "environment_url": spec.environment_url.as_deref().unwrap_or_default(),
            "log_url": log,
            "performed_via_github_app": null,
        })
    }
}
