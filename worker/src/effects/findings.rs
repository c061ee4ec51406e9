//! What somebody else has changed of what this deployment made, looked at once before it is called healthy:
//! tags, release, revision, further rollouts of it, the number of tasks it was told. None of it changes which
//! image runs, so none of it stops anything; it is named in the history and in the verdict, and left as it is.
//! Reads only; a repeat looks again.

use lockstep_events::ImageDigest;
use lockstep_state_machines::{Kind, Leg};

use super::tags::LATEST;
use super::{EffectError, Scene, release, rollout, seen};
use crate::ports::ServiceView;

/// What was found, in words: of the references, then of the service as it was just seen.
pub(super) async fn of(
    view: &ServiceView,
    task_definition: &str,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Result<Vec<String>, EffectError> {
    let mut findings = of_references(task_definition, digest, scene).await?;
    findings.extend(of_service(view, task_definition, scene).await?);
    Ok(findings)
}

/// Of the service: an update of this deployment is never forced, so it makes one rollout of its revision.
async fn of_service(
    view: &ServiceView,
    task_definition: &str,
    scene: &Scene<'_>,
) -> Result<Vec<String>, EffectError> {
    let deployment = scene.deployment();
    if deployment.revisions.get(&Leg::Candidate).is_none_or(|ours| ours != task_definition) {
        // It ran already: whoever rolled it out, it was not this deployment.
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    let since = rollout::window(scene);
    let rollouts = seen(scene.world.cluster.rollouts(&scene.place.service(), since).await)?;
    let ours = rollouts.iter().filter(|rollout| rollout.task_definition == task_definition).count();
    if ours > 1 {
        findings.push(format!(
            "somebody forced {} more rollout(s) of {task_definition} meanwhile: its tasks were replaced again",
            ours - 1
        ));
    }
    let told = deployment.inspection.as_ref().filter(|_| deployment.makes_fresh_database());
    if let Some(told) = told.map(|inspection| inspection.desired).filter(|told| *told != view.desired) {
        findings.push(format!(
            "somebody, or the service's autoscaling, set the number of tasks to {} meanwhile: it was told {told}",
            view.desired
        ));
    }
    Ok(findings)
}

/// Of what names the image and the revision: tags, release, revision.
async fn of_references(
    task_definition: &str,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Result<Vec<String>, EffectError> {
    let deployment = scene.deployment();
    let Some(source) = &deployment.source else { return Ok(Vec::new()) };
    let production = deployment.plan.kind == Kind::Production;
    let permanent = if production { source.version.to_string() } else { source.beta.to_string() };
    let mut findings = Vec::new();
    for tag in std::iter::once(permanent.as_str()).chain(production.then_some(LATEST)) {
        match seen(scene.place.application.registry.resolve(tag).await)? {
            Some(found) if found == *digest => {}
            Some(found) => findings.push(format!("somebody moved image tag {tag} to {found} meanwhile")),
            None => findings.push(format!("somebody deleted image tag {tag} meanwhile")),
        }
    }
    let forge = &scene.place.application.forge;
    let tag = release::tag_of(&source.version, &source.beta, !production, scene);
    if seen(forge.release(&tag).await)?.is_none() {
        findings.push(format!("somebody deleted the release {tag} meanwhile"));
    }
    match seen(forge.tag_commit(&tag).await)? {
        Some(commit) if commit == source.commit => {}
        Some(commit) => findings.push(format!("somebody moved git tag {tag} to {commit} meanwhile")),
        None => findings.push(format!("somebody deleted git tag {tag} meanwhile")),
    }
    if !seen(scene.world.cluster.task_definition(task_definition).await)?.is_some_and(|found| found.active) {
        findings
            .push(format!("somebody deregistered {task_definition} meanwhile: nothing can go back to it"));
    }
    Ok(findings)
}
