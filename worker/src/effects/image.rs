//! What a commit's image is, and what a version means: two records that are written once and never change.
//! A repeat reads the record that stands; no claim is needed, since the first writer wins for ever.

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Version};
use lockstep_state_machines::{BindingOutcome, ImageOutcome, Refusal, RefusalCode};

use super::{EffectError, Scene, seen};
use crate::ports::{ImageRecord, VersionBinding};

/// Reads what the build pushed under its intermediate tag and records it, unless the commit has an image.
pub(super) async fn record(commit: &CommitSha, scene: &Scene<'_>) -> Result<ImageOutcome, EffectError> {
    let (place, deployment) = (scene.place, scene.deployment());
    let registry = &place.application.registry;
    let build_tag = deployment.build_tag();
    let Some(digest) = seen(registry.resolve(&build_tag).await)? else {
        return Ok(ImageOutcome::Missing {
            message: format!(
                "the build succeeded, but {}:{build_tag} is not in the registry: the build workflow must push its input image_tag",
                registry.repository()
            ),
        });
    };
    let build_url = deployment.build.as_ref().and_then(|build| build.url.clone()).unwrap_or_default();
    let ours = ImageRecord {
        commit: commit.clone(),
        digest,
        deployment: deployment.request.id,
        at: scene.now,
        build_url,
    };
    let stands = seen(scene.world.store.record_image(place.application_name, &ours).await)?;
    if seen(registry.contents(&stands.digest).await)?.is_none() {
        return Ok(ImageOutcome::Missing {
            message: format!(
                "the image of commit {} is {}, but {} no longer has it: restore it, or deploy another commit",
                commit.short(),
                stands.digest,
                registry.repository()
            ),
        });
    }
    let adopted = stands.deployment != ours.deployment;
    Ok(ImageOutcome::Recorded { digest: stands.digest, adopted })
}

/// Binds a version to commit and digest, unless it is bound.
pub(super) async fn bind_version(
    version: &Version,
    commit: &CommitSha,
    digest: &ImageDigest,
    beta: &BetaTag,
    scene: &Scene<'_>,
) -> Result<BindingOutcome, EffectError> {
    let ours = VersionBinding {
        version: version.clone(),
        commit: commit.clone(),
        digest: digest.clone(),
        beta: beta.clone(),
        deployment: scene.deployment().request.id,
        at: scene.now,
    };
    let stands = seen(scene.world.store.bind_version(scene.place.application_name, &ours).await)?;
    if stands.commit == *commit && stands.digest == *digest {
        return Ok(BindingOutcome::Bound);
    }
    Ok(BindingOutcome::Taken(Refusal {
        code: RefusalCode::VersionTaken,
        message: format!(
            "version {version} belongs to commit {} ({}, {}): raise the version, deploy that commit to staging and promote its beta",
            stands.commit, stands.beta, stands.digest
        ),
    }))
}
