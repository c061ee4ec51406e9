//! What somebody else has changed of what this deployment made, looked at once before it is called healthy:
//! tags, release, revision. None of it changes what runs, so none of it stops anything; it is named in the
//! history and in the verdict, and left as it is. Reads only; a repeat looks again.

use lockstep_events::ImageDigest;
use lockstep_state_machines::Kind;

use super::tags::LATEST;
use super::{EffectError, Scene, release, seen};

pub(super) async fn of(
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
