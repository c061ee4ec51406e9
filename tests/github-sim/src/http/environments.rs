//! Environments, and the reviews of runs that wait for one.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::Uri;
use serde_json::{Value, json};

use super::paging::PageQuery;
use super::reply::{Answer, Reply};
use crate::app::App;

/// `GET /repos/{owner}/{repo}/environments`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((owner, name)): Path<(String, String)>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let all = view.repository.environments.iter().enumerate();
        let total = view.repository.environments.len();
        let (all, link) = page.cut(all.collect(), view.base, &uri);
        let all: Vec<Value> = all.into_iter().map(|(at, spec)| view.environment(at, spec)).collect();
        Ok(Reply::ok(json!({ "total_count": total, "environments": all })).linked(link))
    })
}

/// `GET /repos/{owner}/{repo}/environments/{name}`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((owner, name, environment)): Path<(String, String, String)>,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let (at, spec) = view.repository.environment(&environment)?;
        Ok(Reply::ok(view.environment(at, spec)))
    })
}

/// `GET /repos/{owner}/{repo}/actions/runs/{id}/approvals`.
pub(super) async fn approvals(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let run = view.repository.run(id)?;
        Ok(Reply::ok(Value::Array(view.reviews(run))))
    })
}
