//! References and annotated tags: the part of the git database API that deals with names.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::Value;

use super::body::Body;
use super::gate::Caller;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::model::refusal::Refusal;

type Named = Path<(String, String, String)>;

/// `GET /repos/{owner}/{repo}/git/ref/{ref}`.
pub(super) async fn get(State(app): State<Arc<App>>, Path((owner, name, reference)): Named) -> Answer {
    app.repository(&owner, &name, |view| {
        let full = format!("refs/{reference}");
        let target = view.repository.references.get(&full).ok_or_else(Refusal::not_found)?;
        Ok(Reply::ok(view.reference(&full, target)))
    })
}

/// `GET /repos/{owner}/{repo}/git/matching-refs/{prefix}`.
pub(super) async fn matching(State(app): State<Arc<App>>, Path((owner, name, prefix)): Named) -> Answer {
    list(&app, &owner, &name, &prefix)
}

/// `GET /repos/{owner}/{repo}/git/refs`.
pub(super) async fn all(State(app): State<Arc<App>>, Path((owner, name)): Path<(String, String)>) -> Answer {
    list(&app, &owner, &name, "")
}

fn list(app: &App, owner: &str, name: &str, prefix: &str) -> Answer {
    app.repository(owner, name, |view| {
        let prefix = format!("refs/{prefix}");
        let matching = view.repository.references.iter().filter(|(name, _)| name.starts_with(&prefix));
        Ok(Reply::ok(
            matching.map(|(name, target)| view.reference(name, target)).collect::<Vec<Value>>().into(),
        ))
    })
}

/// The body of a creation.
#[derive(Debug, Deserialize)]
pub(super) struct NewReference {
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
}

/// `POST /repos/{owner}/{repo}/git/refs`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Path((owner, name)): Path<(String, String)>,
    Body(new): Body<NewReference>,
) -> Answer {
    let target = app.change_repository(&owner, &name, |repository, _| {
        repository.create_reference(&new.reference, &new.sha)
    })?;
    app.repository(&owner, &name, |view| {
        Ok(Reply::created(view.reference(&new.reference, &target)).about(&new.reference))
    })
}

/// The body of a move.
#[derive(Debug, Deserialize)]
pub(super) struct MovedReference {
    sha: String,
    #[serde(default)]
    force: bool,
}

/// `PATCH /repos/{owner}/{repo}/git/refs/{ref}`.
pub(super) async fn update(
    State(app): State<Arc<App>>,
    Path((owner, name, reference)): Named,
    Body(moved): Body<MovedReference>,
) -> Answer {
    let full = format!("refs/{reference}");
    let target = app.change_repository(&owner, &name, |repository, _| {
        repository.update_reference(&full, &moved.sha, moved.force)
    })?;
    app.repository(&owner, &name, |view| Ok(Reply::ok(view.reference(&full, &target)).about(&full)))
}

/// `DELETE /repos/{owner}/{repo}/git/refs/{ref}`.
pub(super) async fn delete(State(app): State<Arc<App>>, Path((owner, name, reference)): Named) -> Answer {
    let full = format!("refs/{reference}");
    app.change_repository(&owner, &name, |repository, _| repository.delete_reference(&full))?;
    Ok(Reply::no_content().about(full))
}

/// The body of an annotated tag's creation. The kind of the object follows from its hash.
#[derive(Debug, Deserialize)]
pub(super) struct NewTag {
    tag: String,
    message: String,
    object: String,
}

/// `POST /repos/{owner}/{repo}/git/tags`.
pub(super) async fn create_tag(
    State(app): State<Arc<App>>,
    Path((owner, name)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewTag>,
) -> Answer {
    let sha = app.change_repository(&owner, &name, |repository, now| {
        repository.create_tag_object(&new.tag, &new.message, &new.object, caller.0, now)
    })?;
    tag_reply(&app, &owner, &name, &sha, Reply::created).map(|reply| reply.about(sha))
}

/// `GET /repos/{owner}/{repo}/git/tags/{sha}`.
pub(super) async fn get_tag(State(app): State<Arc<App>>, Path((owner, name, sha)): Named) -> Answer {
    tag_reply(&app, &owner, &name, &sha, Reply::ok)
}

fn tag_reply(app: &App, owner: &str, name: &str, sha: &str, reply: fn(Value) -> Reply) -> Answer {
    app.repository(owner, name, |view| {
        let tag = view.repository.tag_objects.get(sha).ok_or_else(Refusal::not_found)?;
        Ok(reply(view.tag_object(tag)))
    })
}
