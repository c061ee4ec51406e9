//! Task definitions: seen, found by their marks, registered and deregistered.

use lockstep::faults::FaultKind;
use lockstep::ports::{Cluster, Marks};
use serde_json::{Value, json};

use super::double::Double;

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
