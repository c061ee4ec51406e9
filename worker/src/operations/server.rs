//! The worker's answers to machines: `/healthz`, `/readyz`, `/metrics`. Only GET and HEAD, and nothing that a person wrote or a
//! secret could be in. Must never ask a service anything because somebody asked here.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Operations;

/// OpenMetrics' media type (specification 1.0).
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

struct Server {
    operations: Arc<Operations>,
    stopping: CancellationToken,
}

/// Answers on this listener until `ended`. From `stopping` on the worker takes nothing new up, and says that it is not ready.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    operations: Arc<Operations>,
    listener: TcpListener,
    stopping: CancellationToken,
    ended: CancellationToken,
) -> io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(Server { operations, stopping }));
    axum::serve(listener, router).with_graceful_shutdown(ended.cancelled_owned()).await
}

async fn healthz(State(server): State<Arc<Server>>) -> Response {
    told(server.operations.alive(), "alive")
}

async fn readyz(State(server): State<Arc<Server>>) -> Response {
    if server.stopping.is_cancelled() {
        return told(Err("stopping: what is under way is finished, nothing new is taken up".to_owned()), "");
    }
    told(server.operations.ready(), "ready")
}

async fn metrics(State(server): State<Arc<Server>>) -> Response {
    ([(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")], server.operations.metrics()).into_response()
}

fn told(so: Result<(), String>, word: &str) -> Response {
    let (status, words) = match so {
        Ok(()) => (StatusCode::OK, word.to_owned()),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, problem),
    };
    (status, [(CACHE_CONTROL, "no-store")], words + "\n").into_response()
}
