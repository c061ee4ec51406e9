//! Services: seen, and updated without force.

use lockstep::faults::FaultKind;
use lockstep::ports::{Cluster, DeploymentStatus, Progress as _, RolloutState, UpdateService};
use serde_json::{Value, json};

use super::double::{Double, web};

fn deployment(id: &str, status: &str, definition: u32, rollout: Option<&str>) -> Value {
    let mut deployment = json!({
        "id": id, "status": status, "taskDefinition": format!("arn:td/web:{definition}"),
        "desiredCount": 2, "runningCount": 1, "pendingCount": 1, "failedTasks": 3,
        "rolloutStateReason": "words",
    });
    if let Some(rollout) = rollout {
        deployment["rolloutState"] = json!(rollout);
    }
    deployment
}

fn service(status: &str) -> Value {
    json!({
        "serviceArn": "arn:service/web", "status": status,
        "desiredCount": 2, "runningCount": 3, "pendingCount": 1,
        "deployments": [
            deployment("ecs-svc/1", "ACTIVE", 1, Some("FAILED")),
            deployment("ecs-svc/2", "PRIMARY", 2, None),
            deployment("ecs-svc/0", "INACTIVE", 0, Some("COMPLETED")),
        ],
        "events": (0..30).map(|n| json!({"id": format!("e{n}"), "createdAt": 1_700_000_000.5 - f64::from(n),
            "message": format!("event {n}")})).collect::<Vec<_>>(),
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": true, "rollback": true}},
    })
}

#[tokio::test]
async fn a_service_is_seen_with_its_primary_first_and_its_newest_events() {
    let double = Double::default();
    double.answer("DescribeServices", json!({"services": [service("ACTIVE")], "failures": []}));
    let view = double.cluster().await.service(&web()).await.unwrap().unwrap();
    assert_eq!((view.desired, view.running, view.pending), (2, 3, 1));
    let order: Vec<_> = view.deployments.iter().map(|d| (d.id.as_str(), d.status, d.rollout)).collect();
    assert_eq!(
        order,
        [
            ("ecs-svc/2", DeploymentStatus::Primary, RolloutState::InProgress),
            ("ecs-svc/1", DeploymentStatus::Active, RolloutState::Failed),
            ("ecs-svc/0", DeploymentStatus::Inactive, RolloutState::Completed),
        ]
    );
    assert_eq!(view.events.len(), 20);
    assert_eq!(view.events[0].message, "event 0");
    assert!(view.circuit_breaker.enable && view.circuit_breaker.rollback);
    let asked = double.asked("DescribeServices");
    assert_eq!(asked, [json!({"cluster": "main", "services": ["web"]})]);
}

#[tokio::test]
async fn whoever_watches_sees_each_revisions_tasks_and_the_events_with_id_and_time() {
    let double = Double::default();
    double.answer("DescribeServices", json!({"services": [service("ACTIVE")], "failures": []}));
    let seen = double.cluster().await.progress(&web()).await.unwrap().unwrap();
    let revisions: Vec<_> = seen.revisions.iter().map(|r| r.task_definition.as_str()).collect();
    assert_eq!(revisions, ["arn:td/web:2", "arn:td/web:1", "arn:td/web:0"], "the newest first");
    let newest = &seen.revisions[0];
    assert_eq!((newest.desired, newest.running, newest.pending, newest.failed), (2, 1, 1, 3));
    assert_eq!(seen.events.len(), 20);
    assert_eq!((seen.events[0].id.as_str(), seen.events[0].message.as_str()), ("e0", "event 0"));
    assert_eq!(seen.events[0].at.as_millisecond(), 1_700_000_000_500);

    let gone = Double::default();
    gone.answer("DescribeServices", json!({"services": [service("INACTIVE")], "failures": []}));
    assert_eq!(gone.cluster().await.progress(&web()).await.unwrap(), None);
}

#[tokio::test]
async fn how_many_tasks_a_rollout_may_stop_and_start_is_seen_with_ecs_s_defaults() {
    let mut replacing = service("ACTIVE");
    replacing["deploymentConfiguration"] = json!({"minimumHealthyPercent": 0, "maximumPercent": 100});
    let mut unsaid = service("ACTIVE");
    unsaid["deploymentConfiguration"] = Value::Null;
    let double = Double::default();
    for answer in [replacing, unsaid, service("ACTIVE")] {
        double.answer("DescribeServices", json!({"services": [answer]}));
    }
    let cluster = double.cluster().await;
    for expected in [(0, 100), (100, 200), (100, 200)] {
        let view = cluster.service(&web()).await.unwrap().unwrap();
        assert_eq!((view.minimum_healthy_percent, view.maximum_percent), expected);
    }
}

#[tokio::test]
async fn no_service_and_an_inactive_one_are_none_and_no_cluster_is_not_found() {
    let double = Double::default();
    double
        .answer(
            "DescribeServices",
            json!({"services": [], "failures": [{"arn": "arn:service/web", "reason": "MISSING"}]}),
        )
        .answer("DescribeServices", json!({"services": [service("INACTIVE")]}))
        .answer("DescribeServices", json!({"services": [], "failures": [{"reason": "ODD"}]}))
        .answer("DescribeServices", json!({"services": [{"status": "ACTIVE"}]}))
        .refuse("DescribeServices", "ClusterNotFoundException", "Cluster not found.");
    let cluster = double.cluster().await;
    assert_eq!(cluster.service(&web()).await.unwrap(), None);
    assert_eq!(cluster.service(&web()).await.unwrap(), None);
    assert_eq!(cluster.service(&web()).await.unwrap_err().kind, FaultKind::Refused);
    let fault = cluster.service(&web()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unintelligible);
    assert!(fault.message.contains("serviceArn"), "{fault}");
    assert_eq!(cluster.service(&web()).await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test]
async fn an_update_names_what_changes_and_is_never_forced() {
    let double = Double::default();
    double
        .answer("UpdateService", json!({"service": service("ACTIVE")}))
        .answer("UpdateService", json!({"service": {"deployments": []}}))
        .refuse("UpdateService", "ServiceNotFoundException", "Service not found.");
    let cluster = double.cluster().await;
    let update = UpdateService { task_definition: Some("web:5".to_owned()), desired: None };
    let answer = cluster.update(&web(), &update).await.unwrap();
    assert_eq!((answer.primary.as_str(), answer.task_definition.as_str()), ("ecs-svc/2", "arn:td/web:2"));
    let drain = UpdateService { task_definition: None, desired: Some(0) };
    assert_eq!(cluster.update(&web(), &drain).await.unwrap_err().kind, FaultKind::Unintelligible);
    assert_eq!(cluster.update(&web(), &drain).await.unwrap_err().kind, FaultKind::NotFound);
    let asked = double.asked("UpdateService");
    assert_eq!(asked[0], json!({"cluster": "main", "service": "web", "taskDefinition": "web:5"}));
    assert_eq!(asked[1], json!({"cluster": "main", "service": "web", "desiredCount": 0}));
}
