//! The repository on GitHub: can it be reached, is what a deployment reads there, and do its rules guard it. The rules
//! themselves are judged in `workflows`, `code_owners` and `protection`.

use super::check::Check::{GitHubPermissions, GitHubRepository, VersionFile};
use super::finding::Finding;
use super::{code_owners, protection, workflows};
use crate::config::{GitHubConfig, Kind};
use crate::ports::Answer;
use crate::ports::setup::{ForgeInspector, RepositorySetup};

/// Looks at the repository; every place is one group of findings.
pub(super) async fn look(
    forge: &dyn ForgeInspector,
    config: &GitHubConfig,
) -> (Vec<Finding>, Option<String>) {
    let repository = forge.repository().await;
    let mut findings = vec![judge(&repository, config)];
    let Ok(Some(RepositorySetup { default_branch: branch, push })) = repository else {
        return (findings, None);
    };
    findings.push(judge_permissions(push));
    findings.push(judge_version_file(&forge.text(&config.version_file, &branch).await, config, &branch));
    findings.extend(workflows::look(forge, &config.build_workflow, &branch).await);
    findings.push(code_owners::look(forge, &branch).await);
    findings.push(protection::look_at_actions(forge).await);
    findings.extend(protection::look_at_branch(forge, &branch, &config.required_checks).await);
    (findings, Some(branch))
}

/// Looks at the GitHub environment of one environment.
pub(super) async fn look_at_environment(
    forge: &dyn ForgeInspector,
    name: &str,
    kind: Kind,
    branch: &str,
) -> Vec<Finding> {
    protection::judge_environment(&forge.environment(name).await, name, kind, branch)
}

fn judge(answer: &Answer<Option<RepositorySetup>>, config: &GitHubConfig) -> Finding {
    let name = format!("{}/{}", config.owner, config.repository);
    match answer {
        Ok(Some(setup)) => {
            Finding::ok(GitHubRepository, format!("{name}, default branch {}", setup.default_branch))
        }
        Ok(None) => Finding::problem(
            GitHubRepository,
            format!("there is no repository {name}, or this credential may not see it"),
            "correct `github.owner` and `github.repository`, or give the token or App access to the repository",
        ),
        Err(fault) => Finding::blocked(GitHubRepository, fault),
    }
}

/// GitHub tells what the credential's owner may do here, and of a fine-grained token not what the token itself lacks.
fn judge_permissions(push: Option<bool>) -> Finding {
    let needed = "the worker needs Contents and Actions: read and write, and Checks, Commit statuses and Metadata: read";
    match push {
        Some(true) => Finding::ok(
            GitHubPermissions,
            "its owner may write (that the token itself may is inferred: GitHub does not say)",
        ),
        Some(false) => Finding::problem(
            GitHubPermissions,
            "it may not write",
            format!("give it more permissions: {needed}"),
        ),
        None => Finding::unseen(
            GitHubPermissions,
            "GitHub does not say what it may do",
            format!("compare its permissions by hand: {needed}"),
        ),
    }
}

fn judge_version_file(answer: &Answer<Option<String>>, config: &GitHubConfig, branch: &str) -> Finding {
    let path = &config.version_file;
    match answer {
        Ok(Some(_)) => Finding::ok(VersionFile, format!("{path} is on {branch}")),
        Ok(None) => Finding::problem(
            VersionFile,
            format!("{path} is not on {branch}"),
            "correct `github.version_file`: every deployment to staging reads the version there",
        ),
        Err(fault) => Finding::blocked(VersionFile, fault),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{CouldNotLook, Ok as Fine, Problem};
    use super::*;
    use crate::faults::{Fault, FaultKind, Service};

    fn config() -> GitHubConfig {
        let text = "owner = 'o'\nrepository = 'r'\nversion_file = 'Cargo.toml'\nbuild_workflow = 'b.yml'";
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_repository_is_seen_or_not_or_nobody_answers() {
        let setup = RepositorySetup { default_branch: "main".into(), push: None };
        let denied = Fault::new(Service::GitHub, "x", FaultKind::Denied, "401");
        assert_eq!(judge(&Ok(Some(setup)), &config()).outcome, Fine);
        assert_eq!(judge(&Ok(None), &config()).outcome, Problem);
        assert_eq!(judge(&Err(denied.clone()), &config()).outcome, CouldNotLook);
        assert_eq!(judge_permissions(Some(true)).outcome, Fine);
        assert_eq!(judge_permissions(Some(false)).outcome, Problem);
        assert_eq!(judge_permissions(None).outcome, CouldNotLook);
        assert_eq!(judge_version_file(&Ok(Some(String::new())), &config(), "main").outcome, Fine);
        assert_eq!(judge_version_file(&Ok(None), &config(), "main").outcome, Problem);
        assert_eq!(judge_version_file(&Err(denied), &config(), "main").outcome, CouldNotLook);
    }
}
