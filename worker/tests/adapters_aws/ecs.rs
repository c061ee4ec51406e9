//! The ECS adapter against a double that answers what the test scripts, in ECS's wire format (AWS JSON 1.1),
//! and keeps what it was asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use lockstep::adapters::ecs::EcsCluster;
use lockstep::faults::FaultKind;
use lockstep::ports::{
    Cluster, DeploymentStatus, Marks, RolloutState, RolloutStatus, ServiceRef, StopAnswer, UpdateService,
};
use serde_json::{Value, json};

use super::support::{PATIENT, config, serve};

/// Answers each action with what was scripted for it, in order; the last answer is kept for good.
#[derive(Clone, Default)]
struct Double {
    answers: Arc<Mutex<HashMap<String, VecDeque<(u16, Value)>>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Double {
    fn answer(&self, action: &str, body: Value) -> &Self {
        self.script(action, 200, body)
    }

    fn refuse(&self, action: &str, code: &str, message: &str) -> &Self {
        self.script(action, 400, json!({"__type": code, "message": message}))
    }

    fn script(&self, action: &str, status: u16, body: Value) -> &Self {
        self.answers.lock().unwrap().entry(action.to_owned()).or_default().push_back((status, body));
        self
    }

    /// The bodies of all calls of this action.
    fn asked(&self, action: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(name, _)| name == action).map(|(_, body)| body.clone()).collect()
    }

    async fn cluster(&self) -> EcsCluster {
        let endpoint = serve(Router::new().route("/", post(reply)).with_state(self.clone())).await;
        EcsCluster::new(aws_sdk_ecs::Client::new(&config(&endpoint, PATIENT)))
    }
}

async fn reply(State(double): State<Double>, headers: HeaderMap, body: String) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let action = target.strip_prefix("AmazonEC2ContainerServiceV20141113.").unwrap().to_owned();
    let body: Value = serde_json::from_str(&body).unwrap();
    double.asked.lock().unwrap().push((action.clone(), body));
    let mut answers = double.answers.lock().unwrap();
    let Some(script) = answers.get_mut(&action) else {
        return (StatusCode::NOT_IMPLEMENTED, format!("{action} is not scripted")).into_response();
    };
    let (status, answer) = if script.len() > 1 { script.pop_front().unwrap() } else { script[0].clone() };
    (StatusCode::from_u16(status).unwrap(), Json(answer)).into_response()
}

fn web() -> ServiceRef {
    ServiceRef { cluster: "main".to_owned(), service: "web".to_owned() }
}

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
    assert_eq!(view.primary().unwrap().failed, 3);
    assert_eq!(view.events.len(), 20);
    assert_eq!(view.events[0].message, "event 0");
    assert_eq!(view.events[0].at, "2023-11-14T22:13:20.5Z".parse().unwrap());
    assert!(view.circuit_breaker.enable && view.circuit_breaker.rollback);
    let asked = double.asked("DescribeServices");
    assert_eq!(asked, [json!({"cluster": "main", "services": ["web"]})]);
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

fn definition(revision: u32, status: &str, tags: &[(&str, &str)]) -> Value {
    let tags: Vec<_> = tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({
        "taskDefinition": {
            "taskDefinitionArn": format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}"),
            "family": "web", "revision": revision, "status": status, "cpu": "256",
            "containerDefinitions": [
                {"name": "app", "image": "repo:1", "essential": true},
                {"name": "log", "image": "log:1"},
            ],
            "requiresAttributes": [{"name": "x"}], "compatibilities": ["EC2"], "registeredBy": "someone",
        },
        "tags": tags,
    })
}

#[tokio::test]
async fn a_task_definition_is_seen_with_its_tags_and_an_unknown_one_is_none() {
    let double = Double::default();
    double
        .answer("DescribeTaskDefinition", definition(4, "ACTIVE", &[("team", "shop")]))
        .answer("DescribeTaskDefinition", definition(4, "INACTIVE", &[]))
        .refuse("DescribeTaskDefinition", "ClientException", "Unable to describe task definition.")
        .refuse("DescribeTaskDefinition", "ClientException", "Something else.");
    let cluster = double.cluster().await;
    let view = cluster.task_definition("web:4").await.unwrap().unwrap();
    assert!(view.active);
    assert_eq!(view.family, "web");
    assert_eq!(view.containers[1].image, "log:1");
    assert_eq!(view.marks["team"], "shop");
    assert!(!cluster.task_definition("web:4").await.unwrap().unwrap().active);
    assert_eq!(cluster.task_definition("web:5").await.unwrap(), None);
    assert_eq!(cluster.task_definition("web:5").await.unwrap_err().kind, FaultKind::Refused);
    let asked = &double.asked("DescribeTaskDefinition")[0];
    assert_eq!(*asked, json!({"taskDefinition": "web:4", "include": ["TAGS"]}));
}

#[tokio::test]
async fn a_revision_is_found_by_its_marks_in_either_status_newest_first() {
    let arn = |revision: u32| format!("arn:aws:ecs:eu-west-1:1:task-definition/web:{revision}");
    let marks = Marks::from([("lockstep:deployment".to_owned(), "d1".to_owned())]);
    let ours = [("lockstep:deployment", "d1"), ("team", "shop")];
    let double = Double::default();
    double
        .answer("ListTaskDefinitions", json!({"taskDefinitionArns": [arn(10)], "nextToken": "more"}))
        .answer("ListTaskDefinitions", json!({"taskDefinitionArns": [arn(8), arn(7)]}))
        .answer("ListTaskDefinitions", json!({"taskDefinitionArns": [arn(9)]}))
        // 10, 9, 8 in this order; 7 is beyond the depth.
        .answer("DescribeTaskDefinition", definition(10, "ACTIVE", &ours))
        .answer("DescribeTaskDefinition", definition(9, "INACTIVE", &ours))
        .answer("DescribeTaskDefinition", definition(8, "ACTIVE", &[("lockstep:deployment", "other")]));
    let found = double.cluster().await.find_marked("web", &marks, 2).await.unwrap();
    assert_eq!(found, [arn(10), arn(9)]);
    let described = double.asked("DescribeTaskDefinition");
    let described: Vec<_> = described.iter().map(|asked| asked["taskDefinition"].clone()).collect();
    assert_eq!(described, [arn(10), arn(9), arn(8)]);
    let listed = double.asked("ListTaskDefinitions");
    let first = json!({"familyPrefix": "web", "status": "ACTIVE", "sort": "DESC", "maxResults": 2});
    assert_eq!(listed[0], first);
    assert_eq!((&listed[1]["nextToken"], &listed[2]["status"]), (&json!("more"), &json!("INACTIVE")));
}

#[tokio::test]
async fn a_revision_is_registered_from_its_base() {
    let double = Double::default();
    double
        .answer("DescribeTaskDefinition", definition(4, "ACTIVE", &[("team", "shop")]))
        .answer("RegisterTaskDefinition", definition(5, "ACTIVE", &[]));
    let marks = Marks::from([("lockstep:deployment".to_owned(), "d1".to_owned())]);
    let cluster = double.cluster().await;
    let arn = cluster.register_from("web:4", Some(("app", "repo@sha256:1")), &marks).await.unwrap();
    assert_eq!(arn, "arn:aws:ecs:eu-west-1:1:task-definition/web:5");
    let asked = &double.asked("RegisterTaskDefinition")[0];
    assert_eq!(asked["family"], "web");
    assert_eq!(asked["cpu"], "256");
    assert_eq!(asked["containerDefinitions"][0]["image"], "repo@sha256:1");
    assert_eq!(asked["containerDefinitions"][1]["image"], "log:1");
    let tags = json!([{"key": "team", "value": "shop"}, {"key": "lockstep:deployment", "value": "d1"}]);
    assert_eq!(asked["tags"], tags);

    let refused = cluster.register_from("web:4", Some(("web", "x")), &marks).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::Refused);
    assert_eq!(double.asked("RegisterTaskDefinition").len(), 1, "nothing more was sent");
}

#[tokio::test]
async fn a_base_that_is_gone_is_not_found() {
    let double = Double::default();
    double.refuse("DescribeTaskDefinition", "ClientException", "Unable to describe task definition.");
    let fault = double.cluster().await.register_from("web:4", None, &Marks::new()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn deregistering_converges() {
    let double = Double::default();
    double
        .answer("DeregisterTaskDefinition", definition(4, "INACTIVE", &[]))
        .refuse("DeregisterTaskDefinition", "ClientException", "The specified task definition is inactive.")
        .answer("DescribeTaskDefinition", definition(4, "INACTIVE", &[]))
        .answer("DescribeTaskDefinition", definition(4, "ACTIVE", &[]));
    let cluster = double.cluster().await;
    cluster.deregister("web:4").await.unwrap();
    cluster.deregister("web:4").await.unwrap();
    assert_eq!(cluster.deregister("web:4").await.unwrap_err().kind, FaultKind::Refused, "it is ACTIVE still");
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

fn brief(number: u32, created: f64) -> Value {
    json!({"serviceDeploymentArn": format!("arn:sd/{number}"), "createdAt": created})
}

fn full(number: u32, created: f64, status: &str) -> Value {
    json!({
        "serviceDeploymentArn": format!("arn:sd/{number}"), "createdAt": created, "status": status,
        "statusReason": "words", "targetServiceRevision": {"arn": format!("arn:rev/{number}")},
        "deploymentCircuitBreaker": {"status": "MONITORING", "failureCount": 2, "threshold": 3},
    })
}

fn revision(number: u32) -> Value {
    json!({"serviceRevisionArn": format!("arn:rev/{number}"), "taskDefinition": format!("arn:td/web:{number}")})
}

#[tokio::test]
async fn rollouts_are_seen_in_every_status_with_their_task_definitions() {
    let mut rolled_back = full(2, 2000.0, "ROLLBACK_SUCCESSFUL");
    rolled_back["rollback"] = json!({"reason": "breaker", "serviceRevisionArn": "arn:rev/1"});
    let double = Double::default();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": [brief(1, 1000.0)], "nextToken": "p2"}))
        .answer(
            "ListServiceDeployments",
            json!({"serviceDeployments": [brief(2, 2000.0), brief(3, 2500.0), brief(9, 100.0)]}),
        )
        .answer(
            "DescribeServiceDeployments",
            json!({"serviceDeployments": [full(1, 1000.0, "SUCCESSFUL"), rolled_back, full(3, 2500.0, "ODD")]}),
        )
        .answer("DescribeServiceRevisions", json!({"serviceRevisions": [revision(1), revision(2), revision(3)]}));
    let since = jiff::Timestamp::from_second(1060).unwrap();
    let rollouts = double.cluster().await.rollouts(&web(), since).await.unwrap();
    let seen: Vec<_> =
        rollouts.iter().map(|rollout| (rollout.task_definition.as_str(), rollout.status.clone())).collect();
    assert_eq!(
        seen,
        [
            ("arn:td/web:3", RolloutStatus::Other("ODD".to_owned())),
            ("arn:td/web:2", RolloutStatus::RollbackSuccessful),
            ("arn:td/web:1", RolloutStatus::Successful),
        ]
    );
    let rollback = rollouts[1].rollback.as_ref().unwrap();
    assert_eq!(
        (rollback.reason.as_str(), rollback.task_definition.as_deref()),
        ("breaker", Some("arn:td/web:1"))
    );
    assert_eq!((rollouts[1].failure_count, rollouts[1].threshold), (2, 3));
    let listed = double.asked("ListServiceDeployments");
    assert_eq!(listed[0]["status"], Value::Null, "every status");
    assert!(listed[0]["createdAt"]["after"].as_f64().unwrap() <= 1000.0, "{listed:?}");
    assert_eq!(listed[1]["nextToken"], "p2");
    let described = &double.asked("DescribeServiceDeployments")[0]["serviceDeploymentArns"];
    assert_eq!(*described, json!(["arn:sd/1", "arn:sd/2", "arn:sd/3"]), "9 is older than a minute before");
}

#[tokio::test]
async fn at_most_twenty_rollouts_are_described_at_once() {
    let double = Double::default();
    let briefs: Vec<_> = (0..25).map(|number| brief(number, 1000.0)).collect();
    let all =
        |from: u32, to: u32| (from..to).map(|number| full(number, 1000.0, "STOPPED")).collect::<Vec<_>>();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": briefs}))
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": all(0, 20)}))
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": all(20, 25)}))
        .answer(
            "DescribeServiceRevisions",
            json!({"serviceRevisions": (0..20).map(revision).collect::<Vec<_>>()}),
        )
        .answer(
            "DescribeServiceRevisions",
            json!({"serviceRevisions": (20..25).map(revision).collect::<Vec<_>>()}),
        );
    let since = jiff::Timestamp::from_second(1000).unwrap();
    let rollouts = double.cluster().await.rollouts(&web(), since).await.unwrap();
    assert_eq!(rollouts.len(), 25);
    for (action, member) in [
        ("DescribeServiceDeployments", "serviceDeploymentArns"),
        ("DescribeServiceRevisions", "serviceRevisionArns"),
    ] {
        let sizes: Vec<_> =
            double.asked(action).iter().map(|asked| asked[member].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [20, 5], "{action}");
    }
}

#[tokio::test]
async fn a_rollout_that_is_listed_but_not_described_yet_is_never_left_out() {
    let double = Double::default();
    double
        .answer("ListServiceDeployments", json!({"serviceDeployments": [brief(1, 1000.0)]}))
        .answer(
            "DescribeServiceDeployments",
            json!({"serviceDeployments": [], "failures": [{"arn": "arn:sd/1", "reason": "MISSING"}]}),
        )
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": [full(1, 1000.0, "PENDING")]}))
        .answer("DescribeServiceRevisions", json!({"serviceRevisions": []}));
    let cluster = double.cluster().await;
    let since = jiff::Timestamp::from_second(1000).unwrap();
    for named in ["arn:sd/1", "arn:rev/1"] {
        let fault = cluster.rollouts(&web(), since).await.unwrap_err();
        assert!(fault.is_transient() && fault.message.contains(named), "{fault}");
    }
    let none = Double::default();
    none.answer("ListServiceDeployments", json!({"serviceDeployments": []}));
    assert_eq!(none.cluster().await.rollouts(&web(), since).await.unwrap(), []);
}

#[tokio::test]
async fn a_rollout_that_cannot_be_stopped_any_more_is_told_from_a_refused_call() {
    let double = Double::default();
    double
        .answer("StopServiceDeployment", json!({"serviceDeploymentArn": "arn:sd/1"}))
        .refuse("StopServiceDeployment", "ConflictException", "A rollback is in progress.")
        .refuse("StopServiceDeployment", "InvalidParameterException", "It has ended.")
        .refuse("StopServiceDeployment", "InvalidParameterException", "Something else.")
        .refuse("StopServiceDeployment", "ServiceDeploymentNotFoundException", "Not found.")
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": [full(1, 1.0, "SUCCESSFUL")]}))
        .answer("DescribeServiceDeployments", json!({"serviceDeployments": [full(1, 1.0, "IN_PROGRESS")]}));
    let cluster = double.cluster().await;
    assert_eq!(cluster.stop_rollout("arn:sd/1").await.unwrap(), StopAnswer::RollingBack);
    assert_eq!(cluster.stop_rollout("arn:sd/1").await.unwrap(), StopAnswer::NotStoppable);
    assert_eq!(cluster.stop_rollout("arn:sd/1").await.unwrap(), StopAnswer::NotStoppable);
    assert_eq!(cluster.stop_rollout("arn:sd/1").await.unwrap_err().kind, FaultKind::Refused);
    assert_eq!(cluster.stop_rollout("arn:sd/1").await.unwrap_err().kind, FaultKind::NotFound);
    let asked = &double.asked("StopServiceDeployment")[0];
    assert_eq!(*asked, json!({"serviceDeploymentArn": "arn:sd/1", "stopType": "ROLLBACK"}));
}

fn task(number: u32, status: &str) -> Value {
    json!({
        "taskArn": format!("arn:task/{number}"), "lastStatus": status, "desiredStatus": status,
        "taskDefinitionArn": "arn:td/web:2", "startedBy": "ecs-svc/2",
        "containers": [{"name": "app", "imageDigest": "sha256:1", "lastStatus": status}],
    })
}

#[tokio::test]
async fn running_and_stopped_tasks_are_seen_each_once() {
    let mut stopped = task(3, "STOPPED");
    stopped["stopCode"] = json!("EssentialContainerExited");
    stopped["stoppedReason"] = json!("Essential container in task exited");
    stopped["stoppedAt"] = json!(1_700_000_000.0);
    stopped["containers"] = json!([{"name": "app", "exitCode": 137, "reason": "OutOfMemory"}]);
    let double = Double::default();
    double
        .answer("ListTasks", json!({"taskArns": ["arn:task/1"], "nextToken": "p2"}))
        .answer("ListTasks", json!({"taskArns": ["arn:task/2"]}))
        // 2 stopped in between and is listed again.
        .answer("ListTasks", json!({"taskArns": ["arn:task/2", "arn:task/3"]}))
        .answer("DescribeTasks", json!({"tasks": [task(1, "RUNNING"), task(2, "RUNNING"), stopped]}));
    let tasks = double.cluster().await.tasks(&web()).await.unwrap();
    assert_eq!(tasks.len(), 3);
    assert_eq!(tasks[0].started_by, "ecs-svc/2");
    assert_eq!(tasks[0].containers[0].image_digest.as_deref(), Some("sha256:1"));
    let stopped = &tasks[2];
    assert_eq!(stopped.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(stopped.stopped_at, Some("2023-11-14T22:13:20Z".parse().unwrap()));
    let container = &stopped.containers[0];
    assert_eq!((container.image_digest.as_deref(), container.exit_code), (None, Some(137)));
    assert_eq!(container.reason.as_deref(), Some("OutOfMemory"));
    let listed = double.asked("ListTasks");
    assert_eq!(listed[0], json!({"cluster": "main", "serviceName": "web", "desiredStatus": "RUNNING"}));
    assert_eq!(listed[2]["desiredStatus"], "STOPPED");
    let described = &double.asked("DescribeTasks")[0]["tasks"];
    assert_eq!(*described, json!(["arn:task/1", "arn:task/2", "arn:task/3"]));
}

#[tokio::test]
async fn at_most_a_hundred_tasks_are_described_at_once_and_none_is_left_out() {
    let arns: Vec<_> = (0..150).map(|number| format!("arn:task/{number}")).collect();
    let tasks = |from: u32, to: u32| (from..to).map(|number| task(number, "RUNNING")).collect::<Vec<_>>();
    let double = Double::default();
    double
        .answer("ListTasks", json!({"taskArns": arns}))
        .answer("ListTasks", json!({"taskArns": []}))
        .answer("DescribeTasks", json!({"tasks": tasks(0, 100)}))
        .answer("DescribeTasks", json!({"tasks": tasks(100, 150)}));
    assert_eq!(double.cluster().await.tasks(&web()).await.unwrap().len(), 150);
    let sizes: Vec<_> =
        double.asked("DescribeTasks").iter().map(|asked| asked["tasks"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 50]);

    let lagging = Double::default();
    lagging.answer("ListTasks", json!({"taskArns": ["arn:task/1"]})).answer(
        "DescribeTasks",
        json!({"tasks": [], "failures": [{"arn": "arn:task/1", "reason": "MISSING"}]}),
    );
    let fault = lagging.cluster().await.tasks(&web()).await.unwrap_err();
    assert!(fault.is_transient(), "{fault}");
}
