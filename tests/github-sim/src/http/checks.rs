//! Check runs, check suites and commit statuses.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Body;
use super::gate::Caller;
use super::paging::PageQuery;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::model::statuses::StatusSpec;
use crate::shapes::View;

/// The filters of check runs.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CheckQuery {
    check_name: Option<String>,
    status: Option<String>,
    filter: Option<String>,
}

/// `GET …/commits/{ref}/check-runs`.
pub(super) fn check_runs(view: View<'_>, sha: &str, query: &CheckQuery, page: PageQuery, uri: &Uri) -> Reply {
    let latest = query.filter.as_deref() != Some("all");
    let is = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
    let mut runs = view.repository.check_runs_of(sha, latest);
    runs.retain(|run| is(&query.check_name, &run.name) && is(&query.status, run.status.word()));
    let total = runs.len();
    let (runs, link) = page.cut(runs, view.base, uri);
    let runs: Vec<Value> = runs.into_iter().map(|run| view.check_run(run)).collect();
    Reply::ok(json!({ "total_count": total, "check_runs": runs })).linked(link)
}

/// `GET …/commits/{ref}/check-suites`.
pub(super) fn check_suites(view: View<'_>, sha: &str, page: PageQuery, uri: &Uri) -> Reply {
    let suites: Vec<_> =
        view.repository.check_suites.iter().rev().filter(|suite| suite.head_sha == sha).collect();
    let total = suites.len();
    let (suites, link) = page.cut(suites, view.base, uri);
    let suites: Vec<Value> = suites.into_iter().map(|suite| view.check_suite(suite)).collect();
    Reply::ok(json!({ "total_count": total, "check_suites": suites })).linked(link)
}

/// `GET …/commits/{ref}/status`.
pub(super) fn combined_status(view: View<'_>, sha: &str, page: PageQuery, uri: &Uri) -> Reply {
    let (state, statuses) = view.repository.combined_status(sha);
    let total = statuses.len();
    let (statuses, link) = page.cut(statuses, view.base, uri);
    let statuses: Vec<Value> = statuses.into_iter().map(|status| view.status(status)).collect();
    let commit_url = format!("{}/commits/{sha}", view.api());
    Reply::ok(json!({
        "state": state,
        "statuses": statuses,
        "sha": sha,
        "total_count": total,
        "repository": view.minimal_repository(),
        "commit_url": commit_url,
        "url": format!("{commit_url}/status"),
    }))
    .linked(link)
}

/// `GET …/commits/{ref}/statuses`.
pub(super) fn statuses(view: View<'_>, sha: &str, page: PageQuery, uri: &Uri) -> Reply {
    let (statuses, link) = page.cut(view.repository.statuses_of(sha), view.base, uri);
    Reply::ok(statuses.into_iter().map(|status| view.status(status)).collect()).linked(link)
}

/// `POST /repos/{owner}/{repo}/statuses/{sha}`.
pub(super) async fn create_status(
    State(app): State<Arc<App>>,
    Path((owner, name, sha)): Path<(String, String, String)>,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<StatusSpec>,
) -> Answer {
    let id = app.change_repository(&owner, &name, |repository, now| {
        Ok(repository.report_status(&sha, spec, caller.0, now)?.id)
    })?;
    app.repository(&owner, &name, |view| {
        let status = view.repository.statuses.iter().find(|status| status.id == id);
        Ok(Reply::created(status.map(|status| view.status(status)).into()).about(id))
    })
}
