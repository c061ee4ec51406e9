//! The simulator's own routes below `/_sim`, for other processes: what [`Control`] and [`KnobsHandle`] offer.
//!
//! No credentials are asked for: the simulator listens on 127.0.0.1 and holds nothing of value.
//!
//! [`KnobsHandle`]: crate::KnobsHandle

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::Body;
use super::reply::{Answer, Reply};
use crate::app::App;
use crate::control::Control;
use crate::model::checks::CheckSpec;
use crate::model::commits::CommitSpec;
use crate::model::refusal::Refusal;
use crate::model::releases::ReleaseSpec;
use crate::model::repository::RepositorySpec;

type Repo = Path<(String, String)>;

/// The control routes.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/_sim/knobs", get(knobs).put(set_knobs))
        .route("/_sim/log", get(log))
        .route("/_sim/repositories", post(create_repository))
        .route("/_sim/repos/{owner}/{repo}/commits", post(commit))
        .route("/_sim/repos/{owner}/{repo}/checks", post(report_check))
        .route("/_sim/repos/{owner}/{repo}/annotated-tags", post(annotate))
        .route("/_sim/repos/{owner}/{repo}/releases", post(add_release))
        .route("/_sim/repos/{owner}/{repo}/releases/{*tag}", axum::routing::delete(delete_release))
        .route("/_sim/repos/{owner}/{repo}/tags/{*tag}", axum::routing::delete(delete_tag))
        .route("/_sim/repos/{owner}/{repo}/builds", get(builds))
}

async fn knobs(State(app): State<Arc<App>>) -> Answer {
    shown(&app.knobs.get())
}

async fn set_knobs(State(app): State<Arc<App>>, Body(update): Body<Value>) -> Answer {
    shown(&app.knobs.merge(&update).map_err(|error| Refusal::new(422, error.to_string()))?)
}

async fn log(State(app): State<Arc<App>>) -> Answer {
    shown(&Control::new(app).log())
}

async fn create_repository(State(app): State<Arc<App>>, Body(spec): Body<RepositorySpec>) -> Answer {
    let name = format!("{}/{}", spec.owner, spec.name);
    Control::new(app).create_repository(spec)?;
    Ok(Reply::created(json!({ "full_name": name })))
}

async fn commit(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Body(spec): Body<CommitSpec>,
) -> Answer {
    let sha = Control::new(app).commit(&owner, &name, spec)?;
    Ok(Reply::created(json!({ "sha": sha })))
}

async fn report_check(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Body(spec): Body<CheckSpec>,
) -> Answer {
    let id = Control::new(app).report_check(&owner, &name, &spec)?;
    Ok(Reply::created(json!({ "id": id })))
}

#[derive(Debug, Deserialize)]
struct Annotation {
    tag: String,
    target: String,
    #[serde(default)]
    message: String,
}

async fn annotate(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Body(new): Body<Annotation>,
) -> Answer {
    let sha = Control::new(app).annotated_tag(&owner, &name, &new.tag, &new.target, &new.message)?;
    Ok(Reply::created(json!({ "sha": sha })))
}

async fn add_release(
    State(app): State<Arc<App>>,
    Path((owner, name)): Repo,
    Body(spec): Body<ReleaseSpec>,
) -> Answer {
    let id = Control::new(app).add_release(&owner, &name, spec)?;
    Ok(Reply::created(json!({ "id": id })))
}

async fn delete_release(
    State(app): State<Arc<App>>,
    Path((owner, name, tag)): Path<(String, String, String)>,
) -> Answer {
    Control::new(app).delete_release(&owner, &name, &tag)?;
    Ok(Reply::no_content())
}

async fn delete_tag(
    State(app): State<Arc<App>>,
    Path((owner, name, tag)): Path<(String, String, String)>,
) -> Answer {
    Control::new(app).delete_tag(&owner, &name, &tag)?;
    Ok(Reply::no_content())
}

async fn builds(State(app): State<Arc<App>>, Path((owner, name)): Repo) -> Answer {
    shown(&Control::new(app).build_count(&owner, &name)?)
}

fn shown(value: &impl serde::Serialize) -> Answer {
    serde_json::to_value(value).map(Reply::ok).map_err(|error| Refusal::new(500, error.to_string()))
}
