//! EventBridge events, received by an SQS endpoint that keeps every body.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Json, Router, routing::post};
use ecs_sim::SqsTarget;
use serde_json::{Value, json};

use crate::support::{Wire, config, loop_until};

#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<Value>>>);

impl Received {
    fn names(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|event| event["detail"]["eventName"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn receive(
    State(received): State<Received>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Json<Value> {
    assert_eq!(headers["x-amz-target"], "AmazonSQS.SendMessage");
    assert!(body["QueueUrl"].as_str().unwrap().ends_with("/deploys"));
    let event = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
    received.0.lock().unwrap().push(event);
    Json(json!({ "MessageId": "1" }))
}

async fn queue() -> (SqsTarget, Received) {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // The SDK sends its own content type for AWS JSON, which axum's extractor takes for JSON only by its suffix.
    let router = Router::new()
        .route("/", post(receive))
        .layer(axum::middleware::map_request(async |mut request: axum::extract::Request| {
            request
                .headers_mut()
                .insert("content-type", axum::http::HeaderValue::from_static("application/json"));
            request
        }))
        .with_state(received.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let target = SqsTarget {
        url: format!("{endpoint}/000000000000/deploys"),
        endpoint,
        region: "us-east-1".to_owned(),
    };
    (target, received)
}

#[tokio::test]
async fn a_rollout_sends_its_events() {
    let (target, received) = queue().await;
    let mut config = config(1);
    config.events = Some(target);
    let wire = Wire::with(config).await;
    wire.until_running(1).await;
    assert!(received.names().is_empty(), "a service that was there before announces nothing");
    let updated = wire.deploy("good").await;
    loop_until("both events arrive", async || (received.0.lock().unwrap().len() == 2).then_some(())).await;
    assert_eq!(received.names(), ["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED"]);
    let event = received.0.lock().unwrap()[1].clone();
    assert_eq!(event["resources"], json!([updated.service_arn()]));
    assert_eq!(event["detail"]["deploymentId"], json!(updated.deployments()[0].id()));
    assert_eq!(event["detail"]["eventType"], "INFO");
    assert_eq!((&event["source"], &event["version"]), (&json!("aws.ecs"), &json!("0")));
}

#[tokio::test]
async fn events_are_duplicated_reordered_and_dropped_on_demand() {
    let (target, received) = queue().await;
    let mut config = config(1);
    config.events = Some(target);
    let wire = Wire::with(config).await;
    wire.until_running(1).await;
    wire.sim.knobs().update(|knobs| {
        knobs.duplicate_events = true;
        knobs.reorder_events = true;
    });
    wire.deploy("good").await;
    loop_until("four events arrive", async || (received.names().len() == 4).then_some(())).await;
    let (begun, done) = ("SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED");
    assert_eq!(received.names(), [done, done, begun, begun]);

    wire.sim.knobs().update(|knobs| {
        knobs.drop_events = true;
        knobs.duplicate_events = false;
        knobs.reorder_events = false;
    });
    let dropped = wire.deploy("good").await.deployments()[0].id().unwrap().to_owned();
    wire.until_newest_is(aws_sdk_ecs::types::ServiceDeploymentStatus::Successful).await;
    wire.deploy("good").await;
    wire.until_newest_is(aws_sdk_ecs::types::ServiceDeploymentStatus::Successful).await;
    wire.sim.knobs().update(|knobs| knobs.drop_events = false);
    let later = wire.deploy("good").await.deployments()[0].id().unwrap().to_owned();
    let of = |id: &str| {
        let events = received.0.lock().unwrap();
        events.iter().filter(|event| event["detail"]["deploymentId"] == json!(id)).count()
    };
    loop_until("the later deployment's events arrive", async || (of(&later) == 2).then_some(())).await;
    assert_eq!(of(&dropped), 0, "what was dropped never comes");
}
