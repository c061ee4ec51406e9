//! `Task` and `Container`.

use serde_json::{Value, json};

use super::{maybe_seconds, present, seconds};
use crate::http::dispatch::Reading;
use crate::knobs::ImageDigest;
use crate::model::{Task, TaskContainer, TaskState};

/// A `Task`.
pub(crate) fn task(reading: &Reading<'_>, task: &Task) -> Value {
    let world = reading.world;
    let definition = world.task_definitions.get(&task.task_definition);
    let of_definition = |key: &str| definition.and_then(|definition| definition.content.get(key)).cloned();
    let launch_type = world.services.get(&task.service_arn).map(super::launch_type);
    let containers: Vec<Value> =
        task.containers.iter().map(|entry| container(reading, task, entry)).collect();
    let overrides: Vec<Value> = task.containers.iter().map(|entry| json!({ "name": entry.name })).collect();
    present(json!({
        "taskArn": task.arn,
        "clusterArn": world.arns.cluster(&task.cluster),
        "taskDefinitionArn": task.task_definition,
        "group": format!("service:{}", task.service),
        "startedBy": task.deployment_id,
        "lastStatus": task.state.as_str(),
        "desiredStatus": if task.wanted { "RUNNING" } else { "STOPPED" },
        "healthStatus": "UNKNOWN",
        "version": task.version,
        "containers": containers,
        "overrides": { "containerOverrides": overrides, "inferenceAcceleratorOverrides": [] },
        "attachments": [],
        "attributes": [],
        "availabilityZone": format!("{}a", world.arns.region),
        "connectivity": task.spawned_at.map(|_| "CONNECTED"),
        "connectivityAt": maybe_seconds(task.spawned_at),
        "cpu": of_definition("cpu"),
        "memory": of_definition("memory"),
        "enableExecuteCommand": false,
        "inferenceAccelerators": [],
        "launchType": launch_type,
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "tags": [],
        "createdAt": seconds(task.created_at),
        "pullStartedAt": maybe_seconds(task.pull_started_at),
        "pullStoppedAt": maybe_seconds(task.pull_stopped_at),
        "startedAt": maybe_seconds(task.started_at),
        "stoppingAt": maybe_seconds(task.stopping_at),
        "executionStoppedAt": maybe_seconds(task.execution_stopped_at),
        "stoppedAt": maybe_seconds(task.stopped_at),
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
    }))
}

fn container(reading: &Reading<'_>, task: &Task, entry: &TaskContainer) -> Value {
    let digest = entry.digests.as_ref().and_then(|digests| match reading.step.knobs.image_digest {
        ImageDigest::Index => Some(digests.index.as_ref().unwrap_or(&digests.manifest)),
        ImageDigest::Manifest => Some(&digests.manifest),
        ImageDigest::Missing => None,
    });
    let status = if task.state == TaskState::Stopped || entry.exit_code.is_some() {
        "STOPPED"
    } else if entry.runtime_id.is_some() {
        "RUNNING"
    } else {
        "PENDING"
    };
    let bindings: Vec<Value> = entry
        .port
        .into_iter()
        .map(|port| json!({ "bindIP": "127.0.0.1", "containerPort": port, "hostPort": port, "protocol": "tcp" }))
        .collect();
    present(json!({
        "containerArn": entry.arn,
        "taskArn": task.arn,
        "name": entry.name,
        "image": entry.image,
        "imageDigest": digest,
        "runtimeId": entry.runtime_id,
        "lastStatus": status,
        "exitCode": entry.exit_code,
        "reason": entry.reason,
        "healthStatus": "UNKNOWN",
        "networkBindings": bindings,
        "networkInterfaces": [],
        "cpu": "0",
    }))
}
