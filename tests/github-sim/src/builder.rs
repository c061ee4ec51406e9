//! The runner of dispatched builds: takes a run through its states and pushes the image.
//!
//! It pushes only the tag that the run was given. A run that was cancelled meanwhile must not push; one that
//! was cut off by a stop is taken up again at the next start.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use oci_image::RegistryAuth;
use oci_image::build::{Content, FileSpec, ImageSpec, LayerSpec, PackedLayer};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::knobs::Knobs;
use crate::model::repository::Repository;
use crate::model::runs::{AttemptId, Run};
use crate::recipe::{self, Order};

/// What builds need besides the commit.
pub(crate) struct Workshop {
    pub(crate) app: Arc<App>,
    /// `host:port` of the image registry.
    pub(crate) registry: String,
    pub(crate) auth: RegistryAuth,
    pub(crate) program: Program,
}

/// The program that every image holds, packed once for each of its states.
pub(crate) struct Program {
    path: PathBuf,
    packed: Mutex<Option<(Stamp, PackedLayer)>>,
}

/// What changes when the program is compiled anew.
type Stamp = (u64, Option<SystemTime>);

impl Program {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, packed: Mutex::new(None) }
    }

    /// The layer with the program. Blocking.
    fn layer(&self) -> Result<PackedLayer, String> {
        let shown = self.path.display();
        let found =
            std::fs::metadata(&self.path).map_err(|error| format!("reading {shown} failed: {error}"))?;
        let stamp = (found.len(), found.modified().ok());
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, layer)) = packed.as_ref().filter(|(known, _)| *known == stamp) {
            return Ok(layer.clone());
        }
        let file = FileSpec {
            path: recipe::PROGRAM.to_owned(),
            mode: 0o755,
            content: Content::File(self.path.clone()),
        };
        let layer = LayerSpec { files: vec![file] }.pack().map_err(|error| explained(&error))?;
        *packed = Some((stamp, layer.clone()));
        Ok(layer)
    }
}

/// Works on orders until `stop`; what is unfinished then stays unfinished in the model.
pub(crate) async fn work(
    workshop: Arc<Workshop>,
    mut orders: UnboundedReceiver<AttemptId>,
    stop: CancellationToken,
) {
    let mut builds = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            Some(order) = orders.recv() => {
                builds.spawn(take_through(Arc::clone(&workshop), order));
            }
            Some(ended) = builds.join_next(), if !builds.is_empty() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a build ended abnormally");
                }
            }
        }
    }
}

/// Takes one attempt from queued to completed.
async fn take_through(workshop: Arc<Workshop>, id: AttemptId) {
    let app = &workshop.app;
    sleep(Duration::from_millis(app.knobs.get().queue_delay_ms)).await;
    if change(app, &id, |repository, now| repository.begin(&id, now)) != Some(true) {
        return;
    }
    let held = app.repository(&id.owner, &id.repository, |view| Ok(view.repository.is_held(id.run)));
    if held == Ok(true) {
        return;
    }
    sleep(Duration::from_millis(app.knobs.get().build_delay_ms)).await;
    let (conclusion, outcome) = match build(&workshop, &id).await {
        Ok(outcome) => ("success", outcome),
        Err(why) => ("failure", why),
    };
    tracing::info!(run = id.run, attempt = id.attempt, conclusion, outcome, "build ended");
    change(app, &id, |repository, now| repository.complete(&id, conclusion, outcome, now));
}

/// An image to build and where to push it.
struct Plan {
    image: ImageSpec,
    reference: String,
}

/// Builds and pushes; the answer tells what was pushed, the error why nothing was.
async fn build(workshop: &Arc<Workshop>, id: &AttemptId) -> Result<String, String> {
    let app = &workshop.app;
    let knobs = app.knobs.get();
    let plan = app
        .repository(&id.owner, &id.repository, |view| {
            let run = view.repository.run(id.run)?;
            Ok(plan(view.repository, run, id.attempt, &workshop.registry, &knobs))
        })
        .map_err(|refusal| refusal.to_string())??;
    let Some(Plan { image, reference }) = plan else {
        return Ok("This workflow builds no image.".to_owned());
    };
    let packing = Arc::clone(workshop);
    let packed = tokio::task::spawn_blocking(move || {
        image.build_on(&[packing.program.layer()?]).map_err(|error| explained(&error))
    });
    let built = packed.await.map_err(|error| explained(&error))??;
    let active = app.repository(&id.owner, &id.repository, |view| Ok(view.repository.is_active(id)));
    if active != Ok(true) {
        return Err("The run was cancelled.".to_owned());
    }
    let pushed = oci_image::push(&built, &reference, &workshop.auth).await;
    let pushed = pushed.map_err(|error| explained(&error))?;
    change(app, id, |repository, _| repository.builds.pushed += 1);
    Ok(format!("Pushed {reference} as {}", pushed.digest))
}

/// What a run asks for; nothing if its workflow builds no image.
fn plan(
    repository: &Repository,
    run: &Run,
    attempt: u64,
    registry: &str,
    knobs: &Knobs,
) -> Result<Option<Plan>, String> {
    if !run.builds_image() {
        return Ok(None);
    }
    let input = |name| run.inputs.get(name).map_or("", String::as_str);
    let commit = repository
        .resolve(input("commit"))
        .and_then(|sha| repository.commits.get(sha))
        .ok_or_else(|| format!("the commit `{}` is not in this repository", input("commit")))?;
    let order =
        Order { commit: &commit.sha, version: input("version"), run: &format!("{}/{attempt}", run.id) };
    let image = recipe::image(&commit.tree, order, knobs)?;
    let reference = format!("{registry}/{}:{}", repository.image_repository, input("image_tag"));
    Ok(Some(Plan { image, reference }))
}

/// Changes the run's repository; a state that cannot be stored is said in the log, the build goes on.
fn change<T>(app: &App, id: &AttemptId, change: impl FnOnce(&mut Repository, Timestamp) -> T) -> Option<T> {
    app.change_repository(&id.owner, &id.repository, |repository, now| Ok(change(repository, now)))
        .inspect_err(|refusal| tracing::error!(%refusal, run = id.run, "the run's state is not stored"))
        .ok()
}

/// An error with its causes in one line.
fn explained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
