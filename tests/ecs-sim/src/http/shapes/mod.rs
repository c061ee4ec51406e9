//! The model's things as the API's JSON shapes. [ECS API model, version 2014-11-13]
//!
//! Members that have no value are left out, never null. Timestamps are seconds since the epoch with a fraction.

mod service;
mod service_deployment;
mod task;
mod task_definition;

use serde_json::{Value, json};

pub(crate) use service::{launch_type, service};
pub(crate) use service_deployment::{service_deployment, service_deployment_brief, service_revision};
pub(crate) use task::task;
pub(crate) use task_definition::task_definition;

use crate::model::{Millis, ServiceStatus, World};

/// A timestamp.
pub(crate) fn seconds(at: Millis) -> f64 {
    // Milliseconds since 1970 need 41 bits; a double holds 53 exactly.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let millis = at as f64;
    millis / 1_000.0
}

/// A timestamp that may be missing.
pub(crate) fn maybe_seconds(at: Option<Millis>) -> Value {
    at.map_or(Value::Null, |at| json!(seconds(at)))
}

/// Drops the members that are null.
pub(crate) fn present(mut value: Value) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    value
}

/// A `Failure`: the thing does not exist.
pub(crate) fn failure(arn: &str) -> Value {
    json!({ "arn": arn, "reason": "MISSING" })
}

/// A `Cluster`.
pub(crate) fn cluster(world: &World, name: &str) -> Value {
    let tasks = || world.tasks.values().filter(|task| task.cluster == name);
    let active = |status: ServiceStatus| status == ServiceStatus::Active;
    json!({
        "clusterArn": world.arns.cluster(name),
        "clusterName": name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": tasks().filter(|task| task.is_serving()).count(),
        "pendingTasksCount": tasks().filter(|task| task.is_pending()).count(),
        "activeServicesCount": world.services.values().filter(|s| s.cluster == name && active(s.status)).count(),
        "statistics": [],
        "tags": [],
        "settings": [],
        "capacityProviders": [],
        "defaultCapacityProviderStrategy": [],
    })
}
