//! Workflows and their dispatch.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Body;
use super::gate::Caller;
use super::paging::PageQuery;
use super::reply::{Answer, Reply};
use crate::app::App;

type Workflow = Path<(String, String, String)>;

/// `GET /repos/{owner}/{repo}/actions/workflows`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((owner, name)): Path<(String, String)>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let total = view.repository.workflows.len();
        let (workflows, link) = page.cut(view.repository.workflows.iter().collect(), view.base, &uri);
        let workflows: Vec<Value> = workflows.into_iter().map(|workflow| view.workflow(workflow)).collect();
        Ok(Reply::ok(json!({ "total_count": total, "workflows": workflows })).linked(link))
    })
}

/// `GET /repos/{owner}/{repo}/actions/workflows/{id or file}`.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name, workflow)): Workflow) -> Answer {
    app.repository(&owner, &name, |view| Ok(Reply::ok(view.workflow(view.repository.workflow(&workflow)?))))
}

/// The body of a dispatch.
#[derive(Debug, Deserialize)]
pub(super) struct DispatchBody {
    #[serde(rename = "ref")]
    reference: String,
    #[serde(default)]
    inputs: Option<BTreeMap<String, Value>>,
    /// Whether to answer with the run (GitHub changelog, 2026-02-19).
    #[serde(default)]
    return_run_details: bool,
}

/// `POST /repos/{owner}/{repo}/actions/workflows/{id or file}/dispatches`.
pub(super) async fn dispatch(
    State(app): State<Arc<App>>,
    Path((owner, name, workflow)): Workflow,
    Extension(caller): Extension<Caller>,
    Body(body): Body<DispatchBody>,
) -> Answer {
    let attempt = app.change_repository(&owner, &name, |repository, now| {
        let inputs = body.inputs.unwrap_or_default();
        let dispatch = repository.check_dispatch(&workflow, &body.reference, &inputs)?;
        Ok(repository.start_run(dispatch, caller.0, now))
    })?;
    let run = attempt.run;
    app.order_build(attempt);
    if !body.return_run_details || app.knobs.get().old_dispatch {
        return Ok(Reply::no_content().about(run));
    }
    app.repository(&owner, &name, |view| {
        let details = json!({
            "workflow_run_id": run,
            "run_url": format!("{}/actions/runs/{run}", view.api()),
            "html_url": format!("{}/actions/runs/{run}", view.web()),
        });
        Ok(Reply::ok(details).about(run))
    })
}
