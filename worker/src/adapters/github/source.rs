//! The repository's source: its default branch, what a ref names, what is on a branch, a file at a commit.
//! Must only read.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep_events::CommitSha;
use serde::Deserialize;

use super::client::{Client, fault};
use crate::faults::FaultKind;
use crate::ports::Answer;

/// The name of the default branch ("Get a repository").
pub(super) async fn default_branch(client: &Client) -> Answer<String> {
    #[derive(Deserialize)]
    struct Repository {
        default_branch: String,
    }
    let repository: Repository = client.get("get a repository", client.route()).await?;
    Ok(repository.default_branch)
}

/// The commit that a ref names ("Get a commit"; GitHub answers 422 "No commit found" for an unknown ref or SHA,
/// and 409 for a repository without commits).
pub(super) async fn resolve(client: &Client, reference: &str) -> Answer<Option<CommitSha>> {
    #[derive(Deserialize)]
    struct Commit {
        sha: CommitSha,
    }
    // A merge commit may touch thousands of files; one a page is enough, none is wanted.
    let route = client.route().then("commits").then(reference).with("per_page", 1);
    match client.find::<Commit>("get a commit", route).await {
        Ok(found) => Ok(found.map(|commit| commit.sha)),
        Err(fault) if fault.kind == FaultKind::Refused && names_nothing(&fault.message) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn names_nothing(message: &str) -> bool {
    ["No commit found", "Git Repository is empty"].iter().any(|words| message.contains(words))
}

/// Whether the branch contains the commit ("Compare two commits": the commit is behind the branch's head, or is
/// it). Without a common ancestor GitHub answers 404 in those words.
pub(super) async fn is_on_branch(client: &Client, commit: &CommitSha, branch: &str) -> Answer<bool> {
    #[derive(Deserialize)]
    struct Comparison {
        status: String,
    }
    let route = client.route().then("compare").then(&format!("{branch}...{commit}")).with("per_page", 1);
    match client.get::<Comparison>("compare two commits", route).await {
        Ok(comparison) => Ok(matches!(comparison.status.as_str(), "behind" | "identical")),
        Err(fault) if fault.kind == FaultKind::NotFound && fault.message.contains("No common ancestor") => {
            Ok(false)
        }
        Err(fault) => Err(fault),
    }
}

/// A text file at a commit or on a branch ("Get repository content": up to 1 MB comes as base64, in lines).
pub(super) async fn file(client: &Client, path: &str, commit: &impl Display) -> Answer<Option<String>> {
    const OPERATION: &str = "get repository content";
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Content {
        File { encoding: String, content: String },
        Other(serde::de::IgnoredAny),
    }
    let route = client.route().then("contents").below(path.trim_matches('/')).with("ref", commit);
    let refused = |kind, what: &str| fault(OPERATION, kind, format!("{path} at {commit} {what}"));
    let content = match client.find(OPERATION, route).await? {
        None => return Ok(None),
        Some(Content::File { encoding, content }) if encoding == "base64" => content,
        Some(Content::File { .. }) => {
            return Err(refused(FaultKind::Refused, "is larger than 1 MB; name a small text file"));
        }
        Some(Content::Other(_)) => {
            return Err(refused(FaultKind::Refused, "is not a file; name a text file"));
        }
    };
    let bytes = STANDARD
        .decode(content.split_ascii_whitespace().collect::<String>())
        .map_err(|_| refused(FaultKind::Unintelligible, "did not come as base64"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| refused(FaultKind::Refused, "is not UTF-8 text"))
}
