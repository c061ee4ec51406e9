//! What somebody else has changed of what this deployment made, looked at once before it is called healthy:
//! tags, release, revision, further rollouts of it, the number of tasks it was told. None of it changes which
//! image runs, so none of it stops anything; it is named in the history and in the verdict, and left as it is.
//! Reads only; a repeat looks again. A fault must never undo what runs proven, nor hide what was found beside it.

use lockstep_events::ImageDigest;
use lockstep_state_machines::{Kind, Leg, Source};

use super::tags::LATEST;
use super::{EffectError, Scene, release, rollout, seen};
use crate::ports::ServiceView;

/// What a look came to, in words.
#[derive(Default)]
pub(super) struct Findings {
    /// What somebody else has changed.
    pub(super) changes: Vec<String>,
    /// What could not be looked at, with the fault.
    pub(super) unknown: Vec<String>,
}

/// One thing to look at.
#[derive(Debug, Clone, Copy)]
enum Look {
    ImageTags,
    Release,
    GitTag,
    Revision,
    Rollout,
}

impl Look {
    const ALL: [Self; 5] = [Self::ImageTags, Self::Release, Self::GitTag, Self::Revision, Self::Rollout];

    const fn in_words(self) -> &'static str {
        match self {
            Self::ImageTags => "the image tags",
            Self::Release => "the release",
            Self::GitTag => "the git tag",
            Self::Revision => "the revision",
            Self::Rollout => "the rollout",
        }
    }

    /// What somebody else has changed of it.
    async fn at(
        self,
        task_definition: &str,
        digest: &ImageDigest,
        scene: &Scene<'_>,
    ) -> Result<Vec<String>, EffectError> {
        let Some(source) = &scene.deployment().source else { return Ok(Vec::new()) };
        match self {
            Self::ImageTags => image_tags(source, digest, scene).await,
            Self::Release => release_of(source, scene).await,
            Self::GitTag => git_tag(source, scene).await,
            Self::Revision => revision(task_definition, scene).await,
            Self::Rollout => rollouts(task_definition, scene).await,
        }
    }
}

/// What was found of tags, release, revision, and of the service as it was just seen. A passing fault is met by
/// looking once more, at once: an answer that was lost, a connection that broke. Nothing waits for longer
/// trouble to pass, for what runs is proven now.
pub(super) async fn of(
    view: &ServiceView,
    task_definition: &str,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Findings {
    let mut findings = Findings::default();
    for look in Look::ALL {
        let mut seen = look.at(task_definition, digest, scene).await;
        if matches!(&seen, Err(EffectError::Fault(fault)) if fault.is_transient()) {
            seen = look.at(task_definition, digest, scene).await;
        }
        match seen {
            Ok(found) => findings.changes.extend(found),
            Err(fault) => findings.unknown.push(format!(
                "whether somebody changed {} meanwhile could not be looked at: {fault}",
                look.in_words()
            )),
        }
    }
    if rolled_out_here(task_definition, scene) {
        findings.changes.extend(number_of_tasks(view, scene));
    }
    findings
}

/// Where it ran already, whoever rolled it out, it was not this deployment.
fn rolled_out_here(task_definition: &str, scene: &Scene<'_>) -> bool {
    scene.deployment().revisions.get(&Leg::Candidate).is_some_and(|ours| ours == task_definition)
}

/// An update of this deployment is never forced, so it makes one rollout of its revision.
async fn rollouts(task_definition: &str, scene: &Scene<'_>) -> Result<Vec<String>, EffectError> {
    if !rolled_out_here(task_definition, scene) {
        return Ok(Vec::new());
    }
    let since = rollout::window(scene);
    let rollouts = seen(scene.world.cluster.rollouts(&scene.place.service(), since).await)?;
    let ours = rollouts.iter().filter(|rollout| rollout.task_definition == task_definition).count();
    let more = ours.saturating_sub(1);
    Ok((more > 0)
        .then(|| {
            format!(
                "{more} more rollout(s) of {task_definition} were started meanwhile, not by this deployment"
            )
        })
        .into_iter()
        .collect())
}

/// Only a service that was drained for a fresh database has a number that this deployment answers for.
fn number_of_tasks(view: &ServiceView, scene: &Scene<'_>) -> Option<String> {
    let deployment = scene.deployment();
    let told = deployment.inspection.as_ref().filter(|_| deployment.makes_fresh_database())?.desired;
    (told != view.desired).then(|| {
        format!(
            "somebody, or the service's autoscaling, set the number of tasks to {} meanwhile: it was told {told}",
            view.desired
        )
    })
}

async fn image_tags(
    source: &Source,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Result<Vec<String>, EffectError> {
    let production = is_production(scene);
    let permanent = if production { source.version.to_string() } else { source.beta.to_string() };
    let mut findings = Vec::new();
    for tag in std::iter::once(permanent.as_str()).chain(production.then_some(LATEST)) {
        match seen(scene.place.application.registry.resolve(tag).await)? {
            Some(found) if found == *digest => {}
            Some(found) => findings.push(format!("somebody moved image tag {tag} to {found} meanwhile")),
            None => findings.push(format!("somebody deleted image tag {tag} meanwhile")),
        }
    }
    Ok(findings)
}

async fn release_of(source: &Source, scene: &Scene<'_>) -> Result<Vec<String>, EffectError> {
    let tag = release::tag_of(&source.version, &source.beta, !is_production(scene), scene);
    let found = seen(scene.place.application.forge.release(&tag).await)?;
    Ok(if found.is_some() {
        Vec::new()
    } else {
        vec![format!("somebody deleted the release {tag} meanwhile")]
    })
}

async fn git_tag(source: &Source, scene: &Scene<'_>) -> Result<Vec<String>, EffectError> {
    let tag = release::tag_of(&source.version, &source.beta, !is_production(scene), scene);
    Ok(match seen(scene.place.application.forge.tag_commit(&tag).await)? {
        Some(commit) if commit == source.commit => Vec::new(),
        Some(commit) => vec![format!("somebody moved git tag {tag} to {commit} meanwhile")],
        None => vec![format!("somebody deleted git tag {tag} meanwhile")],
    })
}

async fn revision(task_definition: &str, scene: &Scene<'_>) -> Result<Vec<String>, EffectError> {
    let found = seen(scene.world.cluster.task_definition(task_definition).await)?;
    let active = found.is_some_and(|found| found.active);
    let gone = || format!("somebody deregistered {task_definition} meanwhile: nothing can go back to it");
    Ok(if active { Vec::new() } else { vec![gone()] })
}

fn is_production(scene: &Scene<'_>) -> bool {
    scene.deployment().plan.kind == Kind::Production
}
