//! `Service` and `Deployment`.

use serde_json::{Value, json};

use super::{present, seconds};
use crate::http::dispatch::Reading;
use crate::model::{Deployment, DeploymentStatus, RolloutState, Service, ServiceStatus, World};

/// Members that were sent and come back as they are.
const REPEATED: [&str; 15] = [
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "deploymentController",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "loadBalancers",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "platformVersion",
    "propagateTags",
    "schedulingStrategy",
    "serviceRegistries",
];

/// The launch type: what was asked for, else FARGATE.
pub(crate) fn launch_type(service: &Service) -> String {
    service.settings.get("launchType").and_then(Value::as_str).unwrap_or("FARGATE").to_owned()
}

/// A `Service`.
pub(crate) fn service(reading: &Reading<'_>, service: &Service, with_tags: bool) -> Value {
    let world = reading.world;
    let shown = if reading.step.knobs.current_service_deployment_stale {
        &service.previous_service_deployment
    } else {
        &service.current_service_deployment
    };
    let events: Vec<Value> = service
        .events
        .iter()
        .map(|event| json!({ "id": event.id, "createdAt": seconds(event.created_at), "message": event.message }))
        .collect();
    let deployments: Vec<Value> =
        service.deployments.iter().map(|entry| deployment(world, service, entry)).collect();
    let mut shape = json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": world.arns.cluster(&service.cluster),
        "status": match service.status {
            ServiceStatus::Active => "ACTIVE",
            ServiceStatus::Draining => "DRAINING",
            ServiceStatus::Inactive => "INACTIVE",
        },
        "desiredCount": service.desired_count,
        "runningCount": world.tasks_of(&service.arn).filter(|task| task.is_serving()).count(),
        "pendingCount": world.tasks_of(&service.arn).filter(|task| task.is_pending()).count(),
        "launchType": launch_type(service),
        "taskDefinition": service.task_definition,
        "deployments": deployments,
        "events": events,
        "createdAt": seconds(service.created_at),
        "createdBy": format!("arn:aws:iam::{}:root", world.arns.account_id),
        "currentServiceDeployment": shown,
        "currentServiceRevisions": revisions(world, service),
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "schedulingStrategy": "REPLICA",
        "deploymentController": { "type": "ECS" },
        "enableECSManagedTags": false,
        "enableExecuteCommand": false,
        "propagateTags": "NONE",
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
    });
    for key in REPEATED {
        if let Some(value) = service.settings.get(key) {
            shape[key] = value.clone();
        }
    }
    if with_tags {
        shape["tags"] = service.settings.get("tags").cloned().unwrap_or_else(|| json!([]));
    }
    present(shape)
}

fn revisions(world: &World, service: &Service) -> Vec<Value> {
    let mut shown: Vec<Value> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for deployment in &service.deployments {
        if seen.contains(&deployment.revision.as_str()) {
            continue;
        }
        seen.push(&deployment.revision);
        let counts = world.revision_counts(service, &deployment.revision);
        shown.push(json!({
            "arn": counts.arn,
            "requestedTaskCount": counts.requested,
            "runningTaskCount": counts.running,
            "pendingTaskCount": counts.pending,
        }));
    }
    shown
}

fn deployment(world: &World, service: &Service, entry: &Deployment) -> Value {
    let tasks = || world.tasks_of(&service.arn).filter(|task| task.deployment_id == entry.id);
    let primary = entry.status == DeploymentStatus::Primary;
    let desired =
        if primary { service.desired_count as usize } else { tasks().filter(|task| task.wanted).count() };
    present(json!({
        "id": entry.id,
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": entry.task_definition,
        "desiredCount": desired,
        "pendingCount": tasks().filter(|task| task.is_pending()).count(),
        "runningCount": tasks().filter(|task| task.is_serving()).count(),
        "failedTasks": entry.failed_tasks,
        "createdAt": seconds(entry.created_at),
        "updatedAt": seconds(entry.updated_at),
        "launchType": launch_type(service),
        "platformVersion": service.settings.get("platformVersion").cloned().unwrap_or_else(|| json!("1.4.0")),
        "platformFamily": "Linux",
        "networkConfiguration": service.settings.get("networkConfiguration"),
        "rolloutState": match entry.rollout {
            RolloutState::InProgress => "IN_PROGRESS",
            RolloutState::Completed => "COMPLETED",
            RolloutState::Failed => "FAILED",
        },
        "rolloutStateReason": entry.reason,
    }))
}
