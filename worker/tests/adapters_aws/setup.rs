//! How queue, table, services and identity are looked at: rustack and dynoxide for the first two, scripted answers for
//! the others.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use lockstep::adapters::dynamodb::DynamoDbInspector;
use lockstep::adapters::sqs::{SqsInspector, create_queues};
use lockstep::ports::setup::{ClusterInspector, QueueInspector, TableInspector};
use serde_json::json;

use crate::dynamodb::fixtures::{TABLE, store};
use crate::ecs::double::{Double, web};
use crate::sqs::client;
use crate::support::{PATIENT, config, serve};

#[tokio::test]
async fn a_queue_is_seen_as_it_was_made() {
    let client = client(PATIENT).await;
    let urls = create_queues(&client, "lockstep", 7, Duration::from_secs(45)).await.unwrap();
    let inspector = SqsInspector::new(client.clone());
    let dead = inspector.queue(&urls.dead_letter).await.unwrap().unwrap();
    let queue = inspector.queue(&urls.queue).await.unwrap().unwrap();
    assert_eq!((queue.visibility_seconds, queue.retention_seconds, queue.fifo), (45, 1_209_600, false));
    let redrive = queue.redrive.unwrap();
    assert_eq!((redrive.target_arn, redrive.max_receive_count), (dead.arn, 7));
    assert_eq!(queue.policy, None);
    assert_eq!(inspector.queue(&format!("{}-absent", urls.queue)).await.unwrap(), None);

    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
    let set = client.set_queue_attributes().queue_url(&urls.queue);
    set.set_attributes(Some(HashMap::from([(QueueAttributeName::Policy, policy.clone())])))
        .send()
        .await
        .unwrap();
    assert_eq!(inspector.queue(&urls.queue).await.unwrap().unwrap().policy, Some(policy));
}

#[tokio::test]
async fn a_table_is_seen_as_it_was_made() {
    let (_, client) = store().await;
    let inspector = DynamoDbInspector::new(client.clone(), TABLE.to_owned());
    let table = inspector.table().await.unwrap().unwrap();
    assert_eq!((table.status.as_str(), table.keys.as_str()), ("ACTIVE", "pk (S, HASH), sk (S, RANGE)"));
    assert!(table.keys_fit);
    assert_eq!(inspector.expiry().await.unwrap(), None);
    let absent = DynamoDbInspector::new(client, "absent".to_owned());
    assert_eq!(absent.table().await.unwrap(), None);
}

#[tokio::test]
async fn a_service_and_its_containers_are_seen_with_ecs_s_defaults_and_without_values() {
    let double = Double::default();
    double
        .answer("DescribeClusters", json!({ "clusters": [{ "status": "ACTIVE" }], "failures": [] }))
        .answer(
            "DescribeServices",
            json!({ "services": [{
                "serviceArn": "arn:s", "status": "ACTIVE", "desiredCount": 2, "runningCount": 1, "pendingCount": 0,
                "deployments": [{ "id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "arn:td:1", "desiredCount": 2,
                    "runningCount": 1, "pendingCount": 0, "rolloutState": "COMPLETED" }],
                "loadBalancers": [{ "targetGroupArn": "arn:tg" }], "healthCheckGracePeriodSeconds": 30,
                "events": [{ "id": "1", "message": "is unhealthy" }],
            }], "failures": [] }),
        )
        .answer(
            "DescribeTaskDefinition",
            json!({ "taskDefinition": { "taskDefinitionArn": "arn:td:1", "family": "td", "containerDefinitions": [{
                "name": "app", "image": "host/app:1", "readonlyRootFilesystem": true,
                "environment": [{ "name": "A", "value": "hush" }, { "name": "EMPTY", "value": "" }],
                "secrets": [{ "name": "B", "valueFrom": "arn:secret" }],
                "healthCheck": { "command": ["CMD", "true"] },
            }] } }),
        );
    let inspector = double.inspector().await;
    assert_eq!(inspector.cluster("main").await.unwrap().as_deref(), Some("ACTIVE"));
    let service = inspector.service(&web()).await.unwrap().unwrap();
    assert_eq!((service.controller.as_str(), service.scheduling.as_str()), ("ECS", "REPLICA"));
    assert_eq!((service.minimum_healthy_percent, service.maximum_percent), (100, 200));
    assert_eq!((service.load_balanced, service.grace_seconds), (true, 30));
    assert_eq!(service.newest_event.as_deref(), Some("is unhealthy"));
    let containers = inspector.containers("arn:td:1").await.unwrap().unwrap();
    let app = &containers[0];
    assert!(app.environment.contains("A") && !app.environment.contains("EMPTY") && app.secrets.contains("B"));
    assert!(app.read_only_root && app.health_check);
    assert!(!format!("{app:?}").contains("hush"), "values are not taken along");
}

#[tokio::test]
async fn what_is_absent_is_none() {
    let double = Double::default();
    let missing = json!({ "clusters": [], "services": [], "failures": [{ "reason": "MISSING" }] });
    double.answer("DescribeClusters", missing.clone()).answer("DescribeServices", missing);
    double.refuse("DescribeTaskDefinition", "ClientException", "Unable to describe task definition.");
    let inspector = double.inspector().await;
    assert_eq!(inspector.cluster("main").await.unwrap(), None);
    assert_eq!(inspector.service(&web()).await.unwrap(), None);
    assert_eq!(inspector.containers("arn:td:1").await.unwrap(), None);
}

/// DynamoDB's answers of a table that is not ours, with recovery as it is told.
async fn theirs(recovery: &'static str) -> DynamoDbInspector {
    let answer = move |headers: HeaderMap| async move {
        let operation = headers["x-amz-target"].to_str().unwrap().split_once('.').unwrap().1.to_owned();
        let body = match operation.as_str() {
            "DescribeTable" => json!({ "Table": {
                "TableStatus": "ACTIVE",
                "KeySchema": [
                    { "AttributeName": "id", "KeyType": "HASH" }, { "AttributeName": "at", "KeyType": "RANGE" },
                    { "AttributeName": "lost", "KeyType": "RANGE" },
                ],
                "AttributeDefinitions": [
                    { "AttributeName": "at", "AttributeType": "N" }, { "AttributeName": "id", "AttributeType": "B" },
                ],
            } }),
            "DescribeContinuousBackups" => json!({ "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": { "PointInTimeRecoveryStatus": recovery },
            } }),
            other => panic!("{other} was not expected"),
        };
        ([(CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string())
    };
    let endpoint = serve(Router::new().route("/", post(answer))).await;
    let client = aws_sdk_dynamodb::Client::new(&config(&endpoint, PATIENT));
    DynamoDbInspector::new(client, "theirs".to_owned())
}

#[tokio::test]
async fn a_table_of_somebody_elses_is_told_with_each_key_s_own_type() {
    let table = theirs("ENABLED").await.table().await.unwrap().unwrap();
    assert_eq!(table.keys, "id (B, HASH), at (N, RANGE), lost (?, RANGE)");
    assert!(!table.keys_fit && !table.deletion_protected);
}

#[tokio::test]
async fn a_table_is_recoverable_where_point_in_time_recovery_is_on() {
    for (recovery, on) in [("ENABLED", true), ("DISABLED", false)] {
        assert_eq!(theirs(recovery).await.recoverable().await.unwrap(), on, "{recovery}");
    }
}
