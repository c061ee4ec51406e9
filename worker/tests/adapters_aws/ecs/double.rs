//! A double that answers what the test scripts, in ECS's wire format (AWS JSON 1.1), and keeps what it was
//! asked. Must hold no behaviour of ECS: that is `tests/ecs-sim`'s.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use lockstep::adapters::ecs::{EcsCluster, EcsInspector};
use lockstep::ports::ServiceRef;
use serde_json::{Value, json};

use crate::support::{PATIENT, config, serve};

/// What an action is answered with, in order: HTTP status and body.
type Script = VecDeque<(u16, Value)>;

/// Answers each action with what was scripted for it, in order; the last answer is kept for good.
#[derive(Clone, Default)]
pub(crate) struct Double {
    answers: Arc<Mutex<HashMap<String, Script>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Double {
    /// Answers one call of this action with this body.
    pub(crate) fn answer(&self, action: &str, body: Value) -> &Self {
        self.script(action, 200, body)
    }

    /// Refuses one call of this action.
    pub(crate) fn refuse(&self, action: &str, code: &str, message: &str) -> &Self {
        self.script(action, 400, json!({"__type": code, "message": message}))
    }

    fn script(&self, action: &str, status: u16, body: Value) -> &Self {
        self.answers.lock().unwrap().entry(action.to_owned()).or_default().push_back((status, body));
        self
    }

    /// The bodies of all calls of this action.
    pub(crate) fn asked(&self, action: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(name, _)| name == action).map(|(_, body)| body.clone()).collect()
    }

    /// The adapter, talking to this double.
    pub(crate) async fn cluster(&self) -> EcsCluster {
        let endpoint = serve(Router::new().route("/", post(reply)).with_state(self.clone())).await;
        EcsCluster::new(aws_sdk_ecs::Client::new(&config(&endpoint, PATIENT)))
    }

    /// What looks at set-ups, talking to this double.
    pub(crate) async fn inspector(&self) -> EcsInspector {
        let endpoint = serve(Router::new().route("/", post(reply)).with_state(self.clone())).await;
        EcsInspector::new(aws_sdk_ecs::Client::new(&config(&endpoint, PATIENT)))
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

/// The service that the tests are about.
pub(crate) fn web() -> ServiceRef {
    ServiceRef { cluster: "main".to_owned(), service: "web".to_owned() }
}
