//! `ServiceDeployment`, `ServiceDeploymentBrief` and `ServiceRevision`.

use serde_json::{Map, Value, json};

use super::{maybe_seconds, present, seconds};
use crate::model::{RevisionCounts, ServiceDeployment, ServiceRevision};

fn counts(counts: &RevisionCounts) -> Value {
    json!({
        "arn": counts.arn,
        "requestedTaskCount": counts.requested,
        "runningTaskCount": counts.running,
        "pendingTaskCount": counts.pending,
    })
}

/// A `ServiceDeployment`.
pub(crate) fn service_deployment(record: &ServiceDeployment) -> Value {
    let rollback = record.rollback.as_ref().map(|rollback| {
        json!({
            "reason": rollback.reason,
            "startedAt": seconds(rollback.started_at),
            "serviceRevisionArn": rollback.revision,
        })
    });
    present(json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service_arn,
        "clusterArn": record.cluster_arn,
        "createdAt": seconds(record.created_at),
        "startedAt": maybe_seconds(record.started_at),
        "finishedAt": maybe_seconds(record.finished_at),
        "stoppedAt": maybe_seconds(record.stopped_at),
        "updatedAt": seconds(record.updated_at),
        "sourceServiceRevisions": record.source.iter().map(counts).collect::<Vec<_>>(),
        "targetServiceRevision": counts(&record.target),
        "status": record.status,
        "statusReason": record.status_reason,
        "deploymentConfiguration": record.configuration,
        "rollback": rollback,
        "deploymentCircuitBreaker": {
            "status": record.breaker,
            "failureCount": record.failure_count,
            "threshold": record.threshold,
        },
        "alarms": { "status": "DISABLED" },
    }))
}

/// A `ServiceDeploymentBrief`.
pub(crate) fn service_deployment_brief(record: &ServiceDeployment) -> Value {
    present(json!({
        "serviceDeploymentArn": record.arn,
        "serviceArn": record.service_arn,
        "clusterArn": record.cluster_arn,
        "createdAt": seconds(record.created_at),
        "startedAt": maybe_seconds(record.started_at),
        "finishedAt": maybe_seconds(record.finished_at),
        "targetServiceRevisionArn": record.target.arn,
        "status": record.status,
        "statusReason": record.status_reason,
    }))
}

/// A `ServiceRevision`.
pub(crate) fn service_revision(revision: &ServiceRevision) -> Value {
    let images: Vec<Value> = revision
        .images
        .iter()
        .map(|image| {
            present(json!({ "containerName": image.container, "image": image.image, "imageDigest": image.digest }))
        })
        .collect();
    let mut shape = Map::from_iter(revision.settings.clone());
    for (key, value) in [
        ("serviceRevisionArn", json!(revision.arn)),
        ("serviceArn", json!(revision.service_arn)),
        ("clusterArn", json!(revision.cluster_arn)),
        ("taskDefinition", json!(revision.task_definition)),
        ("platformFamily", json!("Linux")),
        ("containerImages", json!(images)),
        ("guardDutyEnabled", json!(false)),
        ("createdAt", json!(seconds(revision.created_at))),
    ] {
        shape.insert(key.to_owned(), value);
    }
    shape.entry("launchType").or_insert_with(|| json!("FARGATE"));
    shape.entry("platformVersion").or_insert_with(|| json!("1.4.0"));
    Value::Object(shape)
}
