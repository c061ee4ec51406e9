//! Staging's source: a commit of the default branch whose checks passed, its version, its image if one is
//! known, and the release to deploy before it. Reads only; a repeat reads again.

use lockstep_events::{BetaTag, CommitSha, GitRef, Overrides};
use lockstep_state_machines::{Baseline, Refusal, RefusalCode, Source, SourceOutcome};

use super::{EffectError, Scene, seen, version_file};
use crate::ports::Checks;

pub(super) async fn check(
    reference: Option<&GitRef>,
    pinned: Option<&CommitSha>,
    overrides: &Overrides,
    scene: &Scene<'_>,
) -> Result<SourceOutcome, EffectError> {
    let place = scene.place;
    let (forge, registry) = (&place.application.forge, &place.application.registry);
    let github = &place.application.config.github;
    let branch = seen(forge.default_branch().await)?;
    let asked_for = reference.map_or(branch.as_str(), GitRef::as_str);
    let wanted = pinned.map_or(asked_for, CommitSha::as_str);
    let Some(commit) = seen(forge.resolve(wanted).await)? else {
        return refuse(
            RefusalCode::UnknownRef,
            format!("{wanted:?} names no commit of {}/{}", github.owner, github.repository),
        );
    };
    if !seen(forge.is_on_branch(&commit, &branch).await)? {
        return refuse(
            RefusalCode::NotOnDefaultBranch,
            format!("commit {} is not on {branch}: merge it before deploying it", commit.short()),
        );
    }
    let mut warnings = Vec::new();
    let checks = seen(forge.checks(&commit).await)?;
    match judge_checks(&checks, &github.required_checks, &commit) {
        Judged::Passed => {}
        Judged::None => warnings.push(format!("commit {} has no checks", commit.short())),
        Judged::Failed(message) => return refuse(RefusalCode::ChecksFailed, message),
        Judged::Running(on) => return Ok(SourceOutcome::Waiting { on, commit }),
    }
    let path = &github.version_file;
    let Some(text) = seen(forge.file(path, &commit).await)? else {
        return refuse(
            RefusalCode::VersionUnreadable,
            format!("commit {} has no file {path}: set github.version_file", commit.short()),
        );
    };
    let version = match version_file::read(&text, path, &github.version_key, &commit) {
        Ok(version) => version,
        Err(message) => return refuse(RefusalCode::VersionUnreadable, message),
    };
    let beta = BetaTag::new(version.clone(), &commit);
    let recorded = seen(scene.world.store.image(place.application_name, &commit).await)?;
    let digest = recorded.map(|image| image.digest);
    if let Some(digest) = &digest
        && seen(registry.contents(digest).await)?.is_none()
    {
        return refuse(
            RefusalCode::ImageGone,
            format!(
                "the image of commit {} is recorded as {digest}, but {} no longer has it: restore it, or deploy another commit",
                commit.short(),
                registry.repository()
            ),
        );
    }
    if let Some(refusal) = tag_in_the_way(&beta, &commit, digest.as_ref(), scene).await? {
        return Ok(SourceOutcome::Refused(refusal));
    }
    let baseline = match baseline(overrides, &mut warnings, scene).await? {
        Ok(baseline) => baseline,
        Err(refusal) => return Ok(SourceOutcome::Refused(refusal)),
    };
    Ok(SourceOutcome::Accepted(Box::new(Source { commit, version, beta, digest, baseline, warnings })))
}

fn refuse(code: RefusalCode, message: String) -> Result<SourceOutcome, EffectError> {
    Ok(SourceOutcome::Refused(Refusal { code, message }))
}

enum Judged {
    Passed,
    None,
    Failed(String),
    Running(String),
}

fn judge_checks(checks: &Checks, required: &[String], commit: &CommitSha) -> Judged {
    let counts = |name: &&String| required.is_empty() || required.contains(name);
    let failed: Vec<_> = checks.failed.iter().filter(counts).map(String::as_str).collect();
    if !failed.is_empty() {
        return Judged::Failed(format!(
            "checks of commit {} failed: {}; fix them and deploy the commit that does",
            commit.short(),
            failed.join(", ")
        ));
    }
    let mut open: Vec<_> = checks.pending.iter().filter(counts).map(String::as_str).collect();
    open.extend(
        required
            .iter()
            .filter(|name| !checks.passed.contains(name) && !checks.pending.contains(name))
            .map(String::as_str),
    );
    if !open.is_empty() {
        return Judged::Running(format!(
            "checks of commit {} have not finished: {}",
            commit.short(),
            open.join(", ")
        ));
    }
    if checks.passed.is_empty() { Judged::None } else { Judged::Passed }
}

/// A beta tag that exists already must be this commit's: in the registry, in git, and in the table, whose record
/// of a healthy beta is never replaced by another commit's.
async fn tag_in_the_way(
    beta: &BetaTag,
    commit: &CommitSha,
    digest: Option<&lockstep_events::ImageDigest>,
    scene: &Scene<'_>,
) -> Result<Option<Refusal>, EffectError> {
    let application = scene.place.application;
    let tagged = seen(application.registry.resolve(&beta.to_string()).await)?;
    let message = match tagged {
        Some(found) if Some(&found) != digest => Some(match digest {
            Some(digest) => format!(
                "image tag {beta} names {found}, but the image of commit {} is {digest}: somebody moved the tag; delete it or deploy another commit",
                commit.short()
            ),
            None => format!(
                "image tag {beta} exists already ({found}) and was not made by Lockstep: delete it or deploy another commit"
            ),
        }),
        Some(_) | None => None,
    };
    let message = match message {
        Some(message) => Some(message),
        None => seen(application.forge.tag_commit(&beta.to_string()).await)?
            .filter(|found| found != commit)
            .map(|found| format!("git tag {beta} names commit {found}, not {commit}: delete the tag")),
    };
    let message = match message {
        Some(message) => Some(message),
        None => seen(scene.world.store.beta(scene.place.application_name, beta).await)?
            .filter(|recorded| recorded.commit != *commit)
            .map(|recorded| {
                let theirs = recorded.commit;
                format!(
                    "{beta} is recorded healthy with commit {theirs}, which begins like {commit}: raise the version"
                )
            }),
    };
    Ok(message.map(|message| Refusal { code: RefusalCode::TagTaken, message }))
}

/// What production runs: its last healthy release, else the forge's latest release, else nothing (rule 17).
async fn baseline(
    overrides: &Overrides,
    warnings: &mut Vec<String>,
    scene: &Scene<'_>,
) -> Result<Result<Option<Baseline>, Refusal>, EffectError> {
    if let Some(reason) = &overrides.skip_baseline {
        warnings.push(format!("the latest release is not deployed first, as asked for: {reason}"));
        return Ok(Ok(None));
    }
    let (place, config) = (scene.place, &scene.place.application.config);
    let mut found = None;
    if let Some(production) = config.counterpart(place.environment) {
        let view = seen(scene.world.store.environment(place.application_name, &production).await)?;
        found = view.record.last_healthy.map(|release| Baseline {
            version: release.version,
            commit: release.commit,
            digest: release.digest,
            found_in: format!("the record of {production}"),
        });
    }
    if found.is_none() {
        found = match latest_release(warnings, scene).await? {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
    }
    if let Some(baseline) = &found
        && seen(place.application.registry.contents(&baseline.digest).await)?.is_none()
    {
        return Ok(Err(gone(&baseline.version.to_string(), scene)));
    }
    Ok(Ok(found))
}

async fn latest_release(
    warnings: &mut Vec<String>,
    scene: &Scene<'_>,
) -> Result<Result<Option<Baseline>, Refusal>, EffectError> {
    let application = scene.place.application;
    let Some(release) = seen(application.forge.latest_release().await)? else {
        warnings.push(
            "there is no release to migrate from: the beta is deployed directly (expected before the first production release)"
                .to_owned(),
        );
        return Ok(Ok(None));
    };
    let Some(version) = application.config.release_tag.version_of(&release.tag) else {
        warnings.push(format!(
            "the latest release {} does not fit release_tag {}: the beta is deployed directly",
            release.tag, application.config.release_tag
        ));
        return Ok(Ok(None));
    };
    let bound = seen(scene.world.store.version(scene.place.application_name, &version).await)?;
    if bound.is_some() {
        // Had a promotion of it ever been healthy, production's record would have said so.
        warnings.push(format!(
            "the latest release {} was promoted by Lockstep but never healthy: the beta is deployed directly",
            release.tag
        ));
        return Ok(Ok(None));
    }
    let Some(digest) = seen(application.registry.resolve(&version.to_string()).await)? else {
        return Ok(Err(gone(&version.to_string(), scene)));
    };
    let commit = seen(application.forge.tag_commit(&release.tag).await)?;
    let found_in = format!("the latest release {}", release.tag);
    Ok(Ok(Some(Baseline { version, commit, digest, found_in })))
}

fn gone(version: &str, scene: &Scene<'_>) -> Refusal {
    Refusal {
        code: RefusalCode::ImageGone,
        message: format!(
            "the image of the latest release {version} is not in {}: restore it, or deploy with --skip-baseline and a reason",
            scene.place.application.registry.repository()
        ),
    }
}
