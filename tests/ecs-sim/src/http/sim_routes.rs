//! The simulator's own routes: knobs, call log, and where tasks run. Not part of ECS.
//!
//! Plain JSON; errors are plain text.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::call_log::LoggedCall;
use crate::knobs::Knobs;
use crate::sim::Shared;

type Refusal = (StatusCode, String);

/// `GET /_sim/knobs`.
pub(crate) async fn knobs(State(shared): State<Arc<Shared>>) -> Json<Knobs> {
    Json(shared.core.knobs.get())
}

/// `PUT /_sim/knobs`: what is left out gets its default.
pub(crate) async fn set_knobs(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Knobs>, Refusal> {
    let knobs = read(body)?;
    shared.core.knobs.set(knobs.clone());
    Ok(Json(knobs))
}

/// `PATCH /_sim/knobs`: what is left out stays.
pub(crate) async fn patch_knobs(
    State(shared): State<Arc<Shared>>,
    Json(body): Json<Value>,
) -> Result<Json<Knobs>, Refusal> {
    shared.core.knobs.update(|knobs| {
        let mut merged = serde_json::to_value(&*knobs).map_err(|error| refusal(&error))?;
        if let (Some(merged), Some(changes)) = (merged.as_object_mut(), body.as_object()) {
            merged.extend(changes.clone());
        }
        *knobs = read(merged)?;
        Ok(Json(knobs.clone()))
    })
}

fn read(body: Value) -> Result<Knobs, Refusal> {
    serde_json::from_value(body).map_err(|error| refusal(&error))
}

fn refusal(error: &serde_json::Error) -> Refusal {
    (StatusCode::BAD_REQUEST, format!("these are not knobs of the simulator: {error}"))
}

/// `GET /_sim/log`: every changing call, oldest first.
pub(crate) async fn log(State(shared): State<Arc<Shared>>) -> Json<Vec<LoggedCall>> {
    Json(shared.core.log().as_ref().clone())
}

/// `GET /_sim/tasks`: where each task listens and logs.
pub(crate) async fn tasks(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.core.current();
    let tasks: Vec<Value> = world
        .tasks
        .values()
        .map(|task| {
            let containers: Vec<Value> = task
                .containers
                .iter()
                .filter(|container| container.essential)
                .map(|container| {
                    let log = shared.launcher.log_file(&task.id, &container.name);
                    json!({ "name": container.name, "port": container.port, "exitCode": container.exit_code, "log": log })
                })
                .collect();
            json!({
                "taskArn": task.arn,
                "service": task.service,
                "lastStatus": task.state.as_str(),
                "containers": containers,
            })
        })
        .collect();
    Json(json!({ "tasks": tasks }))
}

/// `GET /_sim/fronts`: the stable URL in front of each service.
pub(crate) async fn fronts(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let world = shared.core.current();
    let fronts: Vec<Value> = world
        .services
        .values()
        .filter_map(|service| {
            let port = service.front_port?;
            Some(json!({ "cluster": service.cluster, "service": service.name, "url": front_url(port) }))
        })
        .collect();
    Json(json!({ "fronts": fronts }))
}

/// The URL of a front port.
pub(crate) fn front_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
