//! Deployments and their statuses.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::body::Body;
use super::gate::Caller;
use super::paging::PageQuery;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::model::deployments::{Deployment, DeploymentSpec, DeploymentStatusSpec};
use crate::model::refusal::Refusal;

type Repo = Path<(String, String)>;
type Numbered = Path<(String, String, u64)>;

/// The filters of a listing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DeploymentQuery {
    sha: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    task: Option<String>,
    environment: Option<String>,
}

/// `GET /repos/{owner}/{repo}/deployments`: newest first.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Query(query): Query<DeploymentQuery>,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    let is = |wanted: &Option<String>, found: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == found || wanted == "none")
    };
    app.repository(&owner, &name, |view| {
        let matching: Vec<&Deployment> = view
            .repository
            .deployments
            .iter()
            .rev()
            .filter(|found| is(&query.sha, &found.sha) && is(&query.reference, &found.spec.reference))
            .filter(|found| is(&query.task, &found.spec.task))
            .filter(|found| is(&query.environment, &found.spec.environment))
            .collect();
        let (found, link) = page.cut(matching, view.base, &uri);
        let found: Vec<Value> = found.into_iter().map(|deployment| view.deployment(deployment)).collect();
        Ok(Reply::ok(found.into()).linked(link))
    })
}

/// `POST /repos/{owner}/{repo}/deployments`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<DeploymentSpec>,
) -> Answer {
    let id = app.change_repository(&owner, &name, |repository, now| {
        Ok(repository.create_deployment(spec, caller.0, now)?.id)
    })?;
    app.repository(&owner, &name, |view| {
        Ok(Reply::created(view.deployment(view.repository.deployment(id)?)).about(id))
    })
}

/// `GET /repos/{owner}/{repo}/deployments/{id}`.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name, id)): Numbered) -> Answer {
    app.repository(&owner, &name, |view| Ok(Reply::ok(view.deployment(view.repository.deployment(id)?))))
}

/// `GET /repos/{owner}/{repo}/deployments/{id}/statuses`: newest first.
pub(super) async fn list_statuses(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Numbered,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let deployment = view.repository.deployment(id)?;
        let (statuses, link) = page.cut(deployment.statuses.iter().rev().collect(), view.base, &uri);
        let statuses: Vec<Value> =
            statuses.into_iter().map(|status| view.deployment_status(deployment, status)).collect();
        Ok(Reply::ok(statuses.into()).linked(link))
    })
}

/// `POST /repos/{owner}/{repo}/deployments/{id}/statuses`.
pub(super) async fn create_status(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Numbered,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<DeploymentStatusSpec>,
) -> Answer {
    let status = app.change_repository(&owner, &name, |repository, now| {
        repository.add_deployment_status(id, spec, caller.0, now)
    })?;
    status_reply(&app, &owner, &name, id, status, Reply::created).map(|reply| reply.about(status))
}

/// `GET /repos/{owner}/{repo}/deployments/{id}/statuses/{status}`.
pub(super) async fn get_status(
    State(app): State<Arc<App>>,
    Path((owner, name, id, status)): Path<(String, String, u64, u64)>,
) -> Answer {
    status_reply(&app, &owner, &name, id, status, Reply::ok)
}

fn status_reply(
    app: &App,
    owner: &str,
    name: &str,
    id: u64,
    status: u64,
    reply: fn(Value) -> Reply,
) -> Answer {
    app.repository(owner, name, |view| {
        let deployment = view.repository.deployment(id)?;
        let found = deployment.statuses.iter().find(|found| found.id == status);
        let found = found.ok_or_else(Refusal::not_found)?;
        Ok(reply(view.deployment_status(deployment, found)))
    })
}
