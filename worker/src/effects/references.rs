//! Returning `latest` and GitHub's latest release to the last healthy release, where they still are as this
//! deployment put them (protocol rule 16); somebody else's move is left alone and named. The release of the
//! failed promotion says in its notes what became of it. Converges: a repeat does it again. A read may be older than
//! this deployment's own move moments before, so finding there what was there first, the last healthy release or
//! another, is no reason not to put it back; what is replaced that is neither, the note names.

use lockstep_events::{ImageDigest, Version};
use lockstep_state_machines::{HealthyRelease, RestoreOutcome};

use super::tags::{LATEST, PUT};
use super::{EffectError, Scene, seen};
use crate::faults::Service;
use crate::ports::ReleaseChange;

pub(super) async fn restore(
    version: &Version,
    digest: &ImageDigest,
    previous: Option<&HealthyRelease>,
    scene: &Scene<'_>,
) -> Result<RestoreOutcome, EffectError> {
    let mut notes = Vec::new();
    match previous {
        Some(previous) => {
            notes.extend(latest_tag(digest, previous, scene).await?);
            notes.extend(latest_release(version, previous, scene).await?);
        }
        None => notes.push(format!("{LATEST} stays: there is no earlier healthy release")),
    }
    notes.extend(annotate(version, scene).await?);
    Ok(RestoreOutcome::Restored { notes })
}

async fn latest_tag(
    digest: &ImageDigest,
    previous: &HealthyRelease,
    scene: &Scene<'_>,
) -> Result<Option<String>, EffectError> {
    let registry = &scene.place.application.registry;
    let found = seen(registry.resolve(LATEST).await)?;
    // A read may lag behind this deployment's own move and show what was found before it.
    let before = scene.deployment().inspection.as_ref().and_then(|inspection| inspection.latest.as_ref());
    if ![Some(digest), Some(&previous.digest), before].contains(&found.as_ref()) {
        return Ok(Some(format!("{LATEST} is left alone: somebody else moved it")));
    }
    scene.permit.send(Service::Registry, PUT, registry.point(LATEST, &previous.digest)).await?;
    let stood = found.filter(|found| found != digest && *found != previous.digest);
    let stood = stood.map(|found| format!(", instead of {found} as it was found first")).unwrap_or_default();
    Ok(Some(format!("{LATEST} names {} again{stood}", previous.image_tag)))
}

async fn latest_release(
    version: &Version,
    previous: &HealthyRelease,
    scene: &Scene<'_>,
) -> Result<Option<String>, EffectError> {
    let application = scene.place.application;
    let pattern = &application.config.release_tag;
    let (failed, healthy) = (pattern.tag_of(version), pattern.tag_of(&previous.version));
    let latest = seen(application.forge.latest_release().await)?;
    if failed == healthy {
        return Ok(Some(format!("the latest release is {healthy}")));
    }
    if latest.is_some_and(|latest| ![failed.as_str(), healthy.as_str()].contains(&latest.tag.as_str())) {
        return Ok(Some("the latest release is left alone: somebody else moved it".to_owned()));
    }
    let Some(release) = seen(application.forge.release(healthy.as_str()).await)? else {
        return Ok(Some(format!("there is no release {healthy} to make the latest again")));
    };
    let change = ReleaseChange { make_latest: Some(true), body: None };
    let sent = application.forge.change_release(release.id, &change);
    scene.permit.send(Service::GitHub, "update a release", sent).await?;
    Ok(Some(format!("the latest release is {healthy} again")))
}

async fn annotate(version: &Version, scene: &Scene<'_>) -> Result<Option<String>, EffectError> {
    let application = scene.place.application;
    let deployment = scene.deployment();
    let tag = application.config.release_tag.tag_of(version);
    let Some(release) = seen(application.forge.release(tag.as_str()).await)? else { return Ok(None) };
    let what = if deployment.restored.is_some() { "Rolled back" } else { "Not healthy" };
    let line = format!("**{what}** by deployment `{}`.", deployment.request.id);
    if !release.body.contains(&line) {
        let change = ReleaseChange { make_latest: None, body: Some(format!("{line}\n\n{}", release.body)) };
        let sent = application.forge.change_release(release.id, &change);
        scene.permit.send(Service::GitHub, "update a release", sent).await?;
    }
    Ok(Some(format!("the notes of {tag} say so")))
}
