//! The token exchange of a GitHub App: a signed web token for an installation's token.
//!
//! The signature is not checked: the simulator has no keys, any token of the right form will do.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reply::{Answer, Reply};
use crate::app::App;
use crate::model::ids::user_id;
use crate::shapes::{time, user};

/// `GET /repos/{owner}/{repo}/installation`: the app is installed for every owner.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name)): Path<(String, String)>) -> Answer {
    app.repository(&owner, &name, |view| {
        let owner = &view.repository.owner;
        let id = user_id(owner);
        Ok(Reply::ok(json!({
            "id": id,
            "account": user(view.base, owner),
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", view.base),
            "repositories_url": format!("{}/installation/repositories", view.base),
            "html_url": format!("{}/settings/installations/{id}", view.base),
            "app_id": 1,
            "app_slug": "lockstep",
            "target_id": id,
            "target_type": "Organization",
            "permissions": permissions(),
            "events": [],
            "single_file_name": null,
            "repository_selection": "all",
            "created_at": time(view.repository.created_at),
            "updated_at": time(view.repository.created_at),
            "suspended_by": null,
            "suspended_at": null,
        })))
    })
}

/// `POST /app/installations/{id}/access_tokens`.
pub(super) async fn create_access_token(State(app): State<Arc<App>>, Path(_id): Path<u64>) -> Answer {
    let token = format!("ghs_{}", Uuid::now_v7().simple());
    let expires = app.change(|world, now| Ok(world.issue_token(token.clone(), now)))?;
    Ok(Reply::created(json!({
        "token": token,
        "expires_at": time(expires),
        "permissions": permissions(),
        "repository_selection": "all",
    })))
}

/// What the worker needs.
fn permissions() -> Value {
    json!({
        "actions": "write",
        "checks": "read",
        "contents": "write",
        "deployments": "write",
        "metadata": "read",
        "statuses": "read",
    })
}
