//! `promote --list`: which betas can be promoted, which versions were released from what, and what the
//! production environment runs. Reads the table only; whether the images and tags still exist is checked by
//! the promotion itself.

use jiff::Timestamp;
use lockstep_events::{
    ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, ImageDigest, Version,
};
use serde::Serialize;

use super::error::CliError;
use super::output::Output;
use super::status::in_words;
use super::table::Table;
use super::{Exit, place};
use crate::config::{Config, Kind};
use crate::ports::{BetaRecord, EnvironmentRecord, Store, VersionBinding};
use crate::wiring;

#[derive(Serialize)]
#[serde(tag = "type", rename = "releases")]
struct Releases {
    application: ApplicationName,
    environment: EnvironmentName,
    record: EnvironmentRecord,
    betas: Vec<Beta>,
    versions: Vec<Released>,
}

/// A beta that was healthy in staging.
#[derive(Debug, Serialize)]
struct Beta {
    tag: BetaTag,
    version: Version,
    commit: CommitSha,
    digest: ImageDigest,
    healthy_at: Timestamp,
    deployment: DeploymentId,
    promotable: bool,
    note: String,
}

/// A version that was bound by a promotion.
#[derive(Serialize)]
struct Released {
    version: Version,
    beta: BetaTag,
    commit: CommitSha,
    digest: ImageDigest,
    bound_at: Timestamp,
    deployment: DeploymentId,
    /// Where that promotion stands or how it ended.
    outcome: Option<String>,
    runs: bool,
}

/// `promote --list`.
pub(super) async fn list(
    config: &Config,
    application: Option<&ApplicationName>,
    environment: &EnvironmentName,
    output: &mut Output,
) -> Result<Exit, CliError> {
    let application = place::application(config, application)?;
    application.has_of_kind(environment, Kind::Production)?;
    let (store, _) = wiring::table_and_queue(config).await;
    let record = store.environment(&application.name, environment).await?.record;
    let (betas, bindings) = store.releases(&application.name).await?;
    let mut versions = Vec::new();
    for binding in &bindings {
        versions.push(released(store.as_ref(), binding, &record).await?);
    }
    let releases = Releases {
        application: application.name,
        environment: environment.clone(),
        betas: betas.iter().map(|beta| promotable(beta, &bindings, &record)).collect(),
        record,
        versions,
    };
    output.show(&releases, || lines(&releases))?;
    Ok(Exit::Done)
}

async fn released(
    store: &dyn Store,
    binding: &VersionBinding,
    record: &EnvironmentRecord,
) -> Result<Released, CliError> {
    let newest = store.newest(binding.deployment).await?;
    Ok(Released {
        version: binding.version.clone(),
        beta: binding.beta.clone(),
        commit: binding.commit.clone(),
        digest: binding.digest.clone(),
        bound_at: binding.at,
        deployment: binding.deployment,
        outcome: newest.map(|newest| newest.to),
        runs: runs(&binding.digest, &binding.version, record),
    })
}

fn runs(digest: &ImageDigest, version: &Version, record: &EnvironmentRecord) -> bool {
    record.current.as_ref().is_some_and(|current| current.digest == *digest && current.version == *version)
}

/// A version means one commit and one image for ever (protocol rule 14), so a beta of a version that means
/// something else is beyond promotion.
fn promotable(beta: &BetaRecord, bindings: &[VersionBinding], record: &EnvironmentRecord) -> Beta {
    let version = beta.tag.release_version();
    let binding = bindings.iter().find(|binding| binding.version == *version);
    let (promotable, note) = match binding {
        None => (true, "can be promoted".to_owned()),
        Some(binding) if binding.commit != beta.commit || binding.digest != beta.digest => {
            let holder = binding.commit.short();
            (false, format!("cannot be promoted: {version} means commit {holder}; raise the version"))
        }
        Some(_) if runs(&beta.digest, version, record) => (true, "runs there now".to_owned()),
        Some(binding) => (true, format!("promoted before, at {:.0}; can be promoted again", binding.at)),
    };
    Beta {
        tag: beta.tag.clone(),
        version: version.clone(),
        commit: beta.commit.clone(),
        digest: beta.digest.clone(),
        healthy_at: beta.at,
        deployment: beta.deployment,
        promotable,
        note,
    }
}

fn lines(releases: &Releases) -> Vec<String> {
    let mut lines = vec![match &releases.record.current {
        Some(current) => format!("{} runs {}", releases.environment, in_words(current)),
        None => format!("what {} runs is not known to Lockstep", releases.environment),
    }];
    lines.extend(releases.record.dirty.iter().map(|why| format!("  unverified: {why}")));
    let mut betas = Table::new(["HEALTHY IN STAGING", "BETA", "COMMIT", "DIGEST", "DEPLOYMENT", "PROMOTION"]);
    for beta in &releases.betas {
        betas.row([
            format!("{:.0}", beta.healthy_at),
            beta.tag.to_string(),
            beta.commit.to_string(),
            beta.digest.to_string(),
            beta.deployment.to_string(),
            beta.note.clone(),
        ]);
    }
    lines.push(if releases.betas.is_empty() {
        "no beta was healthy in staging yet".to_owned()
    } else {
        "betas, newest first:".to_owned()
    });
    lines.extend(betas.lines(2));
    let mut versions = Table::new(["BOUND", "VERSION", "BETA", "COMMIT", "DIGEST", "DEPLOYMENT", "OUTCOME"]);
    for version in &releases.versions {
        let runs = if version.runs { ", runs now" } else { "" };
        versions.row([
            format!("{:.0}", version.bound_at),
            version.version.to_string(),
            version.beta.to_string(),
            version.commit.to_string(),
            version.digest.to_string(),
            version.deployment.to_string(),
            format!("{}{runs}", version.outcome.as_deref().unwrap_or("unknown")),
        ]);
    }
    lines.push(if releases.versions.is_empty() {
        "no version was released yet".to_owned()
    } else {
        "versions, newest first, with the promotion that released each first:".to_owned()
    });
    lines.extend(versions.lines(2));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(fill: char) -> ImageDigest {
        format!("sha256:{}", fill.to_string().repeat(64)).parse().unwrap()
    }

    fn beta(fill: char) -> BetaRecord {
        let commit: CommitSha = fill.to_string().repeat(40).parse().unwrap();
        BetaRecord {
            tag: BetaTag::new("0.1.0".parse().unwrap(), &commit),
            commit,
            digest: digest(fill),
            deployment: uuid::Uuid::now_v7().try_into().unwrap(),
            without_baseline: None,
            at: "2026-11-23T09:30:00Z".parse().unwrap(),
        }
    }

    fn binding(of: &BetaRecord) -> VersionBinding {
        VersionBinding {
            version: of.tag.release_version().clone(),
            commit: of.commit.clone(),
            digest: of.digest.clone(),
            beta: of.tag.clone(),
            deployment: of.deployment,
            at: of.at,
        }
    }

    #[test]
    fn a_beta_can_be_promoted_unless_its_version_means_another_commit() {
        let (one, other) = (beta('a'), beta('b'));
        let nothing = EnvironmentRecord::default();
        assert!(promotable(&one, &[], &nothing).promotable);
        let bound = [binding(&one)];
        let again = promotable(&one, &bound, &nothing);
        assert!(again.promotable && again.note.starts_with("promoted before"), "{again:?}");
        let late = promotable(&other, &bound, &nothing);
        assert!(!late.promotable && late.note.contains("0.1.0 means commit aaaaaaa"), "{late:?}");
    }
}
