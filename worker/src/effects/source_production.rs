//! Production's source: a beta that is a prerelease, whose image exists, that was healthy in staging, and
//! whose version is free or means the same already (protocol rules 14 and 15). Reads only; a repeat reads
//! again. Every refusal has its own words, and nothing has been touched when one is given.

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Overrides};
use lockstep_state_machines::{Refusal, RefusalCode, Source, SourceOutcome};

use super::{EffectError, Scene, seen};

pub(super) async fn check(
    tag: &BetaTag,
    overrides: &Overrides,
    scene: &Scene<'_>,
) -> Result<SourceOutcome, EffectError> {
    let application = scene.place.application;
    let text = tag.to_string();
    let refuse = |code, message| Ok(SourceOutcome::Refused(Refusal { code, message }));
    let release = seen(application.forge.release(&text).await)?.filter(|release| !release.draft);
    let Some(release) = release else {
        return refuse(
            RefusalCode::UnknownBeta,
            format!(
                "beta tag {tag} not found: there is no GitHub prerelease with that tag; `lockstep promote --list` shows what can be promoted"
            ),
        );
    };
    if !release.prerelease {
        return refuse(
            RefusalCode::NotAPrerelease,
            format!("{tag} is a release and not a prerelease ({}): only a beta can be promoted", release.url),
        );
    }
    let Some(commit) = seen(application.forge.tag_commit(&text).await)? else {
        return refuse(
            RefusalCode::UnknownBeta,
            format!("the prerelease {tag} has no git tag: deploy the commit to staging again"),
        );
    };
    if commit.short() != *tag.short_sha() {
        return refuse(
            RefusalCode::TagTaken,
            format!(
                "git tag {tag} names commit {commit}, which does not begin with {}: the tag was moved",
                tag.short_sha()
            ),
        );
    }
    let Some(digest) = seen(application.registry.resolve(&text).await)? else {
        return refuse(
            RefusalCode::ImageGone,
            format!(
                "the image {}:{tag} is not in the registry: deploy the commit to staging again",
                application.registry.repository()
            ),
        );
    };
    if let Some(message) = moved(tag, &commit, &digest, scene).await? {
        return refuse(RefusalCode::TagTaken, message);
    }
    let mut warnings = Vec::new();
    match seen(scene.world.store.beta(scene.place.application_name, tag).await)? {
        Some(record) => warnings.extend(record.without_baseline.map(|reason| {
            format!("{tag} was healthy in staging without the latest release before it ({reason}): its migrations were not rehearsed")
        })),
        None => {
            let message = format!("{tag} has never been healthy in staging: deploy it there first");
            match &overrides.allow_unvalidated {
                Some(reason) => warnings.push(format!("{message}; promoted all the same: {reason}")),
                None => return refuse(RefusalCode::NeverHealthy, message),
            }
        }
    }
    if let Some(message) = version_taken(tag, &commit, &digest, scene).await? {
        return refuse(RefusalCode::VersionTaken, message);
    }
    Ok(SourceOutcome::Accepted(Box::new(Source {
        version: tag.release_version().clone(),
        commit,
        beta: tag.clone(),
        digest: Some(digest),
        baseline: None,
        warnings,
    })))
}

/// What contradicts the records, if a tag was moved: the commit's image is recorded once and for ever, and
/// so is what staging validated. No override goes past this: the bytes would be somebody else's.
async fn moved(
    tag: &BetaTag,
    commit: &CommitSha,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Result<Option<String>, EffectError> {
    let (store, application) = (&scene.world.store, scene.place.application_name);
    if let Some(record) = seen(store.beta(application, tag).await)? {
        if record.digest != *digest {
            return Ok(Some(format!(
                "{tag} names {digest}, but staging validated {}: the image tag was moved",
                record.digest
            )));
        }
        if record.commit != *commit {
            return Ok(Some(format!(
                "{tag} is at commit {commit}, but staging validated commit {}: the git tag was moved",
                record.commit
            )));
        }
    }
    let built = seen(store.image(application, commit).await)?;
    Ok(built.filter(|built| built.digest != *digest).map(|built| {
        format!(
            "{tag} names {digest}, but the image of commit {commit} is {}: the image tag was moved",
            built.digest
        )
    }))
}

/// Who holds the version, if it means something else already; `None` when it is free or means this.
async fn version_taken(
    tag: &BetaTag,
    commit: &CommitSha,
    digest: &ImageDigest,
    scene: &Scene<'_>,
) -> Result<Option<String>, EffectError> {
    let application = scene.place.application;
    let version = tag.release_version();
    let advice = "raise the version, deploy that commit to staging and promote its beta";
    let bound = seen(scene.world.store.version(scene.place.application_name, version).await)?;
    if let Some(bound) = bound
        && (bound.commit != *commit || bound.digest != *digest)
    {
        return Ok(Some(format!(
            "version {version} belongs to commit {} ({}, {}): {advice}",
            bound.commit, bound.beta, bound.digest
        )));
    }
    let release_tag = application.config.release_tag.tag_of(version);
    if let Some(found) = seen(application.forge.tag_commit(release_tag.as_str()).await)?
        && found != *commit
    {
        return Ok(Some(format!("git tag {release_tag} names commit {found}, not {commit}: {advice}")));
    }
    if let Some(release) = seen(application.forge.release(release_tag.as_str()).await)?
        && (release.prerelease || release.draft)
    {
        return Ok(Some(format!(
            "{release_tag} exists as a prerelease or draft ({}): delete it, or {advice}",
            release.url
        )));
    }
    if let Some(found) = seen(application.registry.resolve(&version.to_string()).await)?
        && found != *digest
    {
        return Ok(Some(format!("image tag {version} names {found}, not {digest}: {advice}")));
    }
    Ok(None)
}
