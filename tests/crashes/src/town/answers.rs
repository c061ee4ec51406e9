//! Which service a request is for, and its answer. Time passes here and nowhere else in the town: while a worker
//! waits for a message, which it does when it has nothing else to do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::{Found, Pace, Town};
use crate::recorder::Request;

/// A worker's reconciler sleeps longer than this between two scans; nothing else of a worker sleeps so long.
const SCAN: Duration = Duration::from_secs(60);

impl Town {
    /// The answer to a request; `None` when it asks an empty queue for a message: nothing is under way any more.
    pub(crate) async fn answer(&self, request: Request) -> Option<Response<Full<Bytes>>> {
        let (headers, path) = (&request.head.headers, request.head.uri.path());
        if let Some(operation) = request.aws_operation() {
            let target = text(headers, "x-amz-target");
            if target.starts_with("AmazonEC2ContainerService") {
                return Some(pass(&self.ecs_api, request).await);
            }
            let body = std::str::from_utf8(&request.body).expect("the SDK writes UTF-8");
            if target.starts_with("DynamoDB") {
                let (status, answer) = self.table.answer(operation, body);
                return Some(aws(status, answer));
            }
            let body: Value = serde_json::from_str(body).expect("the SDK writes JSON");
            let answer = match operation {
                "ReceiveMessage" => self.receive(&body).await?,
                _ => self.queue.answer(operation, &body, self.timeline.millis()),
            };
            return Some(aws(200, answer.to_string()));
        }
        if path.starts_with("/v2/") {
            let kind = text(headers, header::CONTENT_TYPE.as_str());
            return Some(self.registry.answer(&request.head.method, path, kind, request.body.clone()));
        }
        if let Some(cluster) = path.strip_prefix("/ready/") {
            let status = if self.is_ready(cluster) { 200 } else { 503 };
            return Some(aws(status, "{}".to_owned()));
        }
        Some(pass(&self.github_api, request).await)
    }

    /// A long poll.
    async fn receive(&self, request: &Value) -> Option<Value> {
        let until = self.timeline.millis() + request["WaitTimeSeconds"].as_i64().unwrap_or(0) * 1000;
        loop {
            let next = match self.queue.receive(self.timeline.millis()) {
                Found::Message(answer) => return Some(answer),
                Found::NotBefore(at) => at.min(until),
                // While somebody stays, an empty queue is waited at for as long as one receive does.
                Found::Nothing if until <= self.stays_until.load(Ordering::SeqCst) => until,
                Found::Nothing => return None,
            };
            self.pass(next).await;
            if self.timeline.millis() >= until && !self.queue.has_one(until) {
                return Some(json!({}));
            }
        }
    }

    /// Lets time pass up to this moment. At a real pace only up to the next scan of the worker's reconciler if that comes first,
    /// and not while one goes on: between two messages it is all that a worker does, and it sleeps when it is done.
    async fn pass(&self, next: i64) {
        if self.pace == Pace::Quick {
            return self.advance(next);
        }
        let scan = loop {
            match self.timeline.next_sleeper(SCAN) {
                Some(scan) => break scan,
                None => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        };
        self.advance(next.min(scan.max(self.timeline.millis())));
    }

    /// What GitHub answers to this question about the repository, asked by nobody's worker.
    pub(crate) async fn asked_of_github(&self, path: &str) -> Value {
        let token = crate::environment::GITHUB_TOKEN;
        let (owner, name) = (super::settings::OWNER, super::settings::REPOSITORY);
        let request = http::Request::get(format!("/repos/{owner}/{name}/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::USER_AGENT, "crashes")
            .body(())
            .expect("a path and headers");
        let (head, ()) = request.into_parts();
        let answer = pass(&self.github_api, Request { head, body: Bytes::new() }).await;
        let Ok(body) = answer.into_body().collect().await;
        serde_json::from_slice(&body.to_bytes()).expect("GitHub answers in JSON")
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Passes a request to a simulator's router.
async fn pass(router: &axum::Router, request: Request) -> Response<Full<Bytes>> {
    let request = http::Request::from_parts(request.head, Full::new(request.body));
    let Ok(answer) = TowerToHyperService::new(router.clone()).call(request).await;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("a simulator's answer is whole").to_bytes();
    Response::from_parts(head, Full::new(body))
}

fn aws(status: u16, body: String) -> Response<Full<Bytes>> {
    let response =
        Response::builder().status(status).header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
    response.body(Full::new(body.into())).expect("a status and a media type")
}
