//! How refusals look on the wire, to the SDK and to the eye.

use serde_json::json;

use crate::support::{CLUSTER, SERVICE, Wire};

#[tokio::test]
async fn errors_are_typed_for_the_sdk() {
    let wire = Wire::start(0).await;
    let ecs = &wire.ecs;
    let list = ecs.list_service_deployments().cluster(CLUSTER).service("nope").send().await;
    assert!(list.unwrap_err().into_service_error().is_service_not_found_exception());
    let describe = ecs.describe_services().cluster("nope").services(SERVICE).send().await;
    assert!(describe.unwrap_err().into_service_error().is_cluster_not_found_exception());
    let update = ecs.update_service().cluster(CLUSTER).service("nope").send().await;
    assert!(update.unwrap_err().into_service_error().is_service_not_found_exception());
    let stop = ecs.stop_service_deployment().service_deployment_arn("arn:x").send().await;
    assert!(stop.unwrap_err().into_service_error().is_service_deployment_not_found_exception());
    let empty = ecs.describe_tasks().cluster(CLUSTER).set_tasks(Some(vec![])).send().await;
    let empty = empty.unwrap_err().into_service_error();
    assert!(empty.is_invalid_parameter_exception());
    assert_eq!(empty.meta().message(), Some("Tasks cannot be empty."));
    let many = ecs
        .describe_services()
        .cluster(CLUSTER)
        .set_services(Some(vec![SERVICE.to_owned(); 11]))
        .send()
        .await;
    assert!(many.unwrap_err().into_service_error().is_invalid_parameter_exception());
    let filters =
        ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).started_by("ecs-svc/1").send().await;
    assert!(filters.unwrap_err().into_service_error().is_invalid_parameter_exception());
}

#[tokio::test]
async fn a_deregistered_task_definition_is_refused_with_its_text() {
    let wire = Wire::start(0).await;
    let arn = wire.register("good").await;
    wire.ecs.deregister_task_definition().task_definition(&arn).send().await.unwrap();
    let update = || wire.ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition(&arn).send();
    let refused = update().await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_parameter_exception());
    assert_eq!(refused.meta().message(), Some("TaskDefinition is inactive"));
    wire.sim.knobs().update(|knobs| knobs.inactive_task_definition = ecs_sim::knobs::InactiveError::Client);
    assert!(update().await.unwrap_err().into_service_error().is_client_exception());
}

#[tokio::test]
async fn the_error_type_is_in_the_body_and_in_the_header() {
    let wire = Wire::start(0).await;
    let call = |target: &'static str, body: String| {
        reqwest::Client::new().post(wire.sim.endpoint()).header("x-amz-target", target).body(body).send()
    };
    for (target, body, expected) in [
        ("AmazonEC2ContainerServiceV20141113.RunTask", "{}", "UnknownOperationException"),
        ("DynamoDB_20120810.ListTables", "{}", "UnknownOperationException"),
        ("AmazonEC2ContainerServiceV20141113.ListTasks", "{", "SerializationException"),
        ("AmazonEC2ContainerServiceV20141113.ListTasks", "[]", "SerializationException"),
        ("AmazonEC2ContainerServiceV20141113.UpdateService", r#"{"service":1}"#, "SerializationException"),
        ("AmazonEC2ContainerServiceV20141113.ListTasks", "{}", "ClusterNotFoundException"),
    ] {
        let answer = call(target, body.to_owned()).await.unwrap();
        assert_eq!(answer.status(), 400, "{target} {body}");
        assert_eq!(answer.headers()["x-amzn-errortype"], expected);
        assert!(answer.headers().contains_key("x-amzn-requestid"));
        let answer: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(answer["__type"], json!(expected), "{target} {body}");
        assert!(answer["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
}
