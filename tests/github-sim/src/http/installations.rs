//! The token exchange of a GitHub App: a signed web token for an installation's token.
//!
//! The signature is not checked: the simulator has no keys, any token of the right form will do.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::json;
use uuid::Uuid;

use super::reply::{Answer, Reply};
use crate::app::App;
use crate::shapes::time;

/// `POST /app/installations/{id}/access_tokens`.
pub(super) async fn create_access_token(State(app): State<Arc<App>>, Path(_id): Path<u64>) -> Answer {
    let token = format!("ghs_{}", Uuid::now_v7().simple());
    let expires = app.change(|world, now| Ok(world.issue_token(token.clone(), now)))?;
    Ok(Reply::created(json!({
        "token": token,
        "expires_at": time(expires),
        "permissions": {
            "actions": "write",
            "checks": "read",
            "contents": "write",
            "deployments": "write",
            "metadata": "read",
            "statuses": "read",
        },
        "repository_selection": "all",
    })))
}
