//! The repository itself, and the quota.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json;

use super::reply::{Answer, Reply};
use crate::app::App;

/// `GET /repos/{owner}/{repo}`.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name)): Path<(String, String)>) -> Answer {
    app.repository(&owner, &name, |view| Ok(Reply::ok(view.repository())))
}

/// `GET /rate_limit`.
pub(super) async fn rate_limit(State(app): State<Arc<App>>) -> Answer {
    let standing = app.quota.look(app.now());
    let rate = json!({
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.remaining(),
        "reset": standing.reset,
        "resource": "core",
    });
    Ok(Reply::ok(json!({ "resources": { "core": rate, "search": rate }, "rate": rate })))
}
