//! The (pre)release on GitHub. A repeat is recognised by the tag: a release that exists at the right commit
//! is the one that was wanted. GitHub ignores the commit of a new release when its tag exists, so the tag
//! is compared before and read again after.

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Version};
use lockstep_state_machines::{Refusal, RefusalCode, ReleaseOutcome};

use super::{EffectError, Scene, seen};
use crate::faults::{FaultKind, Service};
use crate::ports::{NewRelease, Release, ReleaseChange};

pub(super) struct Wanted<'a> {
    pub(super) version: &'a Version,
    pub(super) beta: &'a BetaTag,
    pub(super) commit: &'a CommitSha,
    pub(super) digest: &'a ImageDigest,
    pub(super) prerelease: bool,
}

/// The git tag of a prerelease or release.
pub(super) fn tag_of(version: &Version, beta: &BetaTag, prerelease: bool, scene: &Scene<'_>) -> String {
    if prerelease {
        beta.to_string()
    } else {
        scene.place.application.config.release_tag.tag_of(version).as_str().to_owned()
    }
}

pub(super) async fn publish(wanted: &Wanted<'_>, scene: &Scene<'_>) -> Result<ReleaseOutcome, EffectError> {
    let forge = &scene.place.application.forge;
    let tag = tag_of(wanted.version, wanted.beta, wanted.prerelease, scene);
    if let Some(refusal) = tag_elsewhere(&tag, wanted.commit, scene).await? {
        return Ok(ReleaseOutcome::Taken(refusal));
    }
    if let Some(existing) = seen(forge.release(&tag).await)? {
        return recognise(&existing, wanted, scene).await;
    }
    let new = NewRelease {
        tag: tag.clone(),
        commit: wanted.commit.clone(),
        prerelease: wanted.prerelease,
        make_latest: !wanted.prerelease,
        preface: preface(wanted, scene),
    };
    let sent = forge.create_release(&new);
    let created = match scene.permit.send(Service::GitHub, "create a release", sent).await {
        Ok(created) => created,
        // Refused because it exists: made by an earlier try whose answer was lost, or by somebody else.
        Err(EffectError::Fault(fault)) if fault.kind == FaultKind::Refused => {
            return match seen(forge.release(&tag).await)? {
                Some(existing) => recognise(&existing, wanted, scene).await,
                None => Err(fault.into()),
            };
        }
        Err(error) => return Err(error),
    };
    Ok(match tag_elsewhere(&tag, wanted.commit, scene).await? {
        Some(refusal) => ReleaseOutcome::Taken(refusal),
        None => ReleaseOutcome::Published { url: created.url, recognised: false },
    })
}

async fn tag_elsewhere(
    tag: &str,
    commit: &CommitSha,
    scene: &Scene<'_>,
) -> Result<Option<Refusal>, EffectError> {
    let found = seen(scene.place.application.forge.tag_commit(tag).await)?;
    Ok(found.filter(|found| found != commit).map(|found| Refusal {
        code: RefusalCode::TagTaken,
        message: format!("git tag {tag} names commit {found}, not {commit}: somebody else put it there"),
    }))
}

async fn recognise(
    existing: &Release,
    wanted: &Wanted<'_>,
    scene: &Scene<'_>,
) -> Result<ReleaseOutcome, EffectError> {
    let forge = &scene.place.application.forge;
    if existing.prerelease != wanted.prerelease || existing.draft {
        let expected = if wanted.prerelease { "a prerelease" } else { "a release" };
        return Ok(ReleaseOutcome::Taken(Refusal {
            code: RefusalCode::TagTaken,
            message: format!("{} exists ({}), but not as {expected}", existing.tag, existing.url),
        }));
    }
    if !wanted.prerelease {
        let latest = seen(forge.latest_release().await)?;
        if latest.is_none_or(|latest| latest.id != existing.id) {
            let change = ReleaseChange { make_latest: Some(true), body: None };
            let sent = forge.change_release(existing.id, &change);
            scene.permit.send(Service::GitHub, "update a release", sent).await?;
        }
    }
    Ok(ReleaseOutcome::Published { url: existing.url.clone(), recognised: true })
}

fn preface(wanted: &Wanted<'_>, scene: &Scene<'_>) -> String {
    let deployment = scene.deployment();
    let from = if wanted.prerelease { String::new() } else { format!("Promoted from `{}`. ", wanted.beta) };
    format!(
        "{from}Image `{}@{}`. Deployment `{}` (fence {}) by {}.",
        scene.place.application.registry.repository(),
        wanted.digest,
        deployment.request.id,
        deployment.token,
        deployment.request.requester.actor
    )
}
