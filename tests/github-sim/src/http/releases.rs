//! Releases.

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
use crate::model::refusal::Refusal;
use crate::model::releases::{Release, ReleaseChange, ReleaseSpec};
use crate::model::repository::Repository;
use crate::shapes::web;

type Repo = Path<(String, String)>;

/// `GET /repos/{owner}/{repo}/releases`: newest first, drafts included as for callers with write access.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Query(page): Query<PageQuery>,
    uri: Uri,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let newest_first: Vec<&Release> = view.repository.releases.iter().rev().collect();
        let (releases, link) = page.cut(newest_first, view.base, &uri);
        let releases: Vec<Value> = releases.into_iter().map(|release| view.release(release)).collect();
        Ok(Reply::ok(releases.into()).linked(link))
    })
}

/// `GET /repos/{owner}/{repo}/releases/latest`.
pub(super) async fn latest(State(app): State<Arc<App>>, Path((owner, name)): Repo) -> Answer {
    one(&app, &owner, &name, Repository::latest_release)
}

/// `GET /repos/{owner}/{repo}/releases/{id}`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    one(&app, &owner, &name, |repository| repository.release(id))
}

/// `GET /repos/{owner}/{repo}/releases/tags/{tag}`.
pub(super) async fn by_tag(
    State(app): State<Arc<App>>,
    Path((owner, name, tag)): Path<(String, String, String)>,
) -> Answer {
    one(&app, &owner, &name, |repository| repository.release_by_tag(&tag))
}

fn one(
    app: &App,
    owner: &str,
    name: &str,
    find: impl Fn(&Repository) -> Result<&Release, Refusal>,
) -> Answer {
    app.repository(owner, name, |view| Ok(Reply::ok(view.release(find(view.repository)?))))
}

/// `POST /repos/{owner}/{repo}/releases`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Extension(caller): Extension<Caller>,
    Body(spec): Body<ReleaseSpec>,
) -> Answer {
    let id = app.change_repository(&owner, &name, |repository, now| {
        let web = web(&app.base, repository);
        Ok(repository.create_release(spec, caller.0, &web, now)?.id)
    })?;
    app.repository(&owner, &name, |view| {
        let release = view.repository.release(id)?;
        Ok(Reply::created(view.release(release)).about(&release.tag_name))
    })
}

/// `PATCH /repos/{owner}/{repo}/releases/{id}`.
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Path<(String, String, u64)>,
    Body(change): Body<ReleaseChange>,
) -> Answer {
    app.change_repository(&owner, &name, |repository, now| {
        repository.update_release(id, change, now).map(|_| ())
    })?;
    app.repository(&owner, &name, |view| {
        let release = view.repository.release(id)?;
        Ok(Reply::ok(view.release(release)).about(&release.tag_name))
    })
}

/// `DELETE /repos/{owner}/{repo}/releases/{id}`.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Path((owner, name, id)): Path<(String, String, u64)>,
) -> Answer {
    app.change_repository(&owner, &name, |repository, _| repository.delete_release(id))?;
    Ok(Reply::no_content().about(id))
}

/// What to generate notes for.
#[derive(Debug, Deserialize)]
pub(super) struct NotesQuery {
    tag_name: String,
    target_commitish: Option<String>,
    previous_tag_name: Option<String>,
}

/// `POST /repos/{owner}/{repo}/releases/generate-notes`: stores nothing.
pub(super) async fn generate_notes(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Body(query): Body<NotesQuery>,
) -> Answer {
    app.repository(&owner, &name, |view| {
        let notes = view.repository.generate_notes(
            &query.tag_name,
            query.target_commitish.as_deref(),
            query.previous_tag_name.as_deref(),
            &view.web(),
        )?;
        Ok(Reply::ok(json!({ "name": notes.name, "body": notes.body })))
    })
}
