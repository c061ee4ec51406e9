//! Commit statuses, the older kind of check, and how they combine.
//!
//! A commit without any status is "pending", as GitHub says it: nothing may read that as "still running"
//! without looking at the count.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::repository::Repository;

/// A status to report on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSpec {
    /// `error`, `failure`, `pending` or `success`.
    pub state: String,
    /// Which check it is.
    #[serde(default = "default_context")]
    pub context: String,
    /// A short text.
    #[serde(default)]
    pub description: Option<String>,
    /// Where to read more.
    #[serde(default)]
    pub target_url: Option<String>,
}

fn default_context() -> String {
    "default".to_owned()
}

/// A status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitStatus {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) spec: StatusSpec,
    pub(crate) creator: String,
    pub(crate) at: Timestamp,
}

impl Repository {
    pub(crate) fn report_status(
        &mut self,
        commit: &str,
        spec: StatusSpec,
        creator: &str,
        now: Timestamp,
    ) -> Result<&CommitStatus, Refusal> {
        let sha = self.resolve_or_refuse(commit)?;
        if !matches!(spec.state.as_str(), "error" | "failure" | "pending" | "success") {
            return Err(Refusal::field("Status", "custom", "state"));
        }
        let status = CommitStatus { id: self.ids.next(), sha, spec, creator: creator.to_owned(), at: now };
        let position = self.statuses.len();
        self.statuses.push(status);
        Ok(&self.statuses[position])
    }

    /// All statuses of a commit, newest first.
    pub(crate) fn statuses_of(&self, sha: &str) -> Vec<&CommitStatus> {
        self.statuses.iter().rev().filter(|status| status.sha == sha).collect()
    }

    /// The newest status of each context and the state that they combine to.
    pub(crate) fn combined_status(&self, sha: &str) -> (&'static str, Vec<&CommitStatus>) {
        let mut seen = BTreeSet::new();
        let mut newest = self.statuses_of(sha);
        newest.retain(|status| seen.insert(status.spec.context.as_str()));
        let any = |words: &[&str]| newest.iter().any(|status| words.contains(&status.spec.state.as_str()));
        let state = if any(&["error", "failure"]) {
            "failure"
        } else if newest.is_empty() || any(&["pending"]) {
            "pending"
        } else {
            "success"
        };
        (state, newest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::*;

    #[test]
    fn statuses_combine_by_the_newest_of_each_context() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        assert_eq!(repository.combined_status(&sha), ("pending", Vec::new()));
        let mut state = |context: &str, state: &str| {
            let spec = StatusSpec {
                state: state.to_owned(),
                context: context.to_owned(),
                description: None,
                target_url: None,
            };
            repository.report_status(&sha, spec, "ci", Timestamp::UNIX_EPOCH).map(|_| ())?;
            Ok::<_, Refusal>(repository.combined_status(&sha).0)
        };
        assert_eq!(state("a", "success").unwrap(), "success");
        assert_eq!(state("b", "pending").unwrap(), "pending");
        assert_eq!(state("b", "error").unwrap(), "failure");
        assert_eq!(state("b", "success").unwrap(), "success");
        assert_eq!(state("b", "fine").unwrap_err().status, 422);
    }
}
