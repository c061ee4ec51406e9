//! Workflow runs, their attempts and jobs.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::Uri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::paging::PageQuery;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::model::run_filter::RunFilter;

type Numbered = Path<(String, String, u64)>;

/// `GET /repos/{owner}/{repo}/actions/runs`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((owner, name)): Path<(String, String)>,
    Query(filter): Query<RunFilter>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    listing(&app, &owner, &name, None, &filter, page, &uri)
}

/// `GET /repos/{owner}/{repo}/actions/workflows/{id or file}/runs`.
pub(super) async fn list_of_workflow(
    State(app): State<Arc<App>>,
    Path((owner, name, workflow)): Path<(String, String, String)>,
    Query(filter): Query<RunFilter>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    listing(&app, &owner, &name, Some(&workflow), &filter, page, &uri)
}

fn listing(
    app: &App,
    owner: &str,
    name: &str,
    workflow: Option<&str>,
    filter: &RunFilter,
    page: PageQuery,
    uri: &Uri,
) -> Answer {
    let lag = i64::try_from(app.knobs.get().dispatch_listing_lag_ms).unwrap_or(i64::MAX);
    let listed_before = app.now().checked_sub(SignedDuration::from_millis(lag)).unwrap_or(Timestamp::MIN);
    app.repository(owner, name, |view| {
        let workflow = workflow.map(|workflow| view.repository.workflow(workflow)).transpose()?;
        let runs = view.repository.runs_listed(workflow.map(|found| found.id), filter, listed_before)?;
        let total = runs.len();
        let (runs, link) = page.cut(runs, view.base, uri);
        let runs: Vec<Value> = runs.into_iter().map(|run| view.run(run, run.current())).collect();
        Ok(Reply::ok(json!({ "total_count": total, "workflow_runs": runs })).linked(link))
    })
}

/// `GET /repos/{owner}/{repo}/actions/runs/{id}`.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name, id)): Numbered) -> Answer {
    app.repository(&owner, &name, |view| {
        let run = view.repository.run(id)?;
        Ok(Reply::ok(view.run(run, run.current())))
    })
}

/// `GET /repos/{owner}/{repo}/actions/runs/{id}/attempts/{number}`.
pub(super) async fn get_attempt(
    State(app): State<Arc<App>>,
    Path((owner, name, id, number)): Path<(String, String, u64, u64)>,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let run = view.repository.run(id)?;
        Ok(Reply::ok(view.run(run, run.attempt(number)?)))
    })
}

/// `GET /repos/{owner}/{repo}/actions/runs/{id}/jobs`: those of the newest attempt.
pub(super) async fn jobs(State(app): State<Arc<App>>, Path((owner, name, id)): Numbered) -> Answer {
    app.repository(&owner, &name, |view| {
        let run = view.repository.run(id)?;
        Ok(Reply::ok(json!({ "total_count": 1, "jobs": [view.job(run, run.current())] })))
    })
}

/// `GET /repos/{owner}/{repo}/actions/runs/{id}/attempts/{number}/jobs`.
pub(super) async fn attempt_jobs(
    State(app): State<Arc<App>>,
    Path((owner, name, id, number)): Path<(String, String, u64, u64)>,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let run = view.repository.run(id)?;
        Ok(Reply::ok(json!({ "total_count": 1, "jobs": [view.job(run, run.attempt(number)?)] })))
    })
}

/// `POST /repos/{owner}/{repo}/actions/runs/{id}/cancel`.
pub(super) async fn cancel(State(app): State<Arc<App>>, Path((owner, name, id)): Numbered) -> Answer {
    app.change_repository(&owner, &name, |repository, now| repository.cancel_run(id, now))?;
    Ok(Reply::accepted().about(id))
}

/// `POST /repos/{owner}/{repo}/actions/runs/{id}/rerun`.
pub(super) async fn rerun(State(app): State<Arc<App>>, Path((owner, name, id)): Numbered) -> Answer {
    let attempt = app.change_repository(&owner, &name, |repository, now| repository.rerun(id, now))?;
    app.order_build(attempt);
    Ok(Reply::created(json!({})).about(id))
}
