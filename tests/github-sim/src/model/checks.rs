//! Check suites and check runs: what continuous integration says about a commit.
//!
//! A completed check run never changes; running a check again makes a new one, and only the newest of a name
//! in its suite counts as "latest".

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::repository::Repository;

/// How far a check or a workflow run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waiting for a runner.
    Queued,
    /// Running.
    InProgress,
    /// Ended, with a conclusion.
    Completed,
}

impl Status {
    /// GitHub's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// A check to report on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// The commit: a hash, branch or tag.
    pub commit: String,
    /// The check's name.
    pub name: String,
    /// How far it is.
    pub status: Status,
    /// How it ended, such as `success`, `failure`, `neutral`, `skipped`, `cancelled`, `timed_out`; only with
    /// [`Status::Completed`].
    #[serde(default)]
    pub conclusion: Option<String>,
}

/// All checks that one event caused on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckSuite {
    pub(crate) id: u64,
    pub(crate) head_sha: String,
    pub(crate) head_branch: Option<String>,
    /// The workflow run that it belongs to; none for checks reported from outside.
    pub(crate) run: Option<u64>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) suite: u64,
    pub(crate) head_sha: String,
    pub(crate) name: String,
    pub(crate) status: Status,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) completed_at: Option<Timestamp>,
}

impl Repository {
    /// Reports a check: a new one, the next step of one that has not ended, or another run of one that has.
    pub(crate) fn report_check(&mut self, spec: &CheckSpec, now: Timestamp) -> Result<u64, Refusal> {
        let sha = self.resolve_or_refuse(&spec.commit)?;
        if (spec.status == Status::Completed) != spec.conclusion.is_some() {
            return Err(Refusal::new(
                422,
                "Invalid request.\n\nA completed check needs a conclusion, another none.",
            ));
        }
        let reported = self.check_suites.iter().find(|suite| suite.head_sha == sha && suite.run.is_none());
        let suite = match reported.map(|suite| suite.id) {
            Some(id) => id,
            None => self.open_suite(&sha, None, None, now),
        };
        let open = self
            .check_runs
            .iter_mut()
            .rev()
            .find(|run| run.suite == suite && run.name == spec.name && run.status != Status::Completed);
        let completed_at = (spec.status == Status::Completed).then_some(now);
        let id = if let Some(run) = open {
            run.status = spec.status;
            run.conclusion.clone_from(&spec.conclusion);
            run.completed_at = completed_at;
            run.id
        } else {
            let id = self.ids.next();
            self.check_runs.push(CheckRun {
                id,
                suite,
                head_sha: sha,
                name: spec.name.clone(),
                status: spec.status,
                conclusion: spec.conclusion.clone(),
                started_at: now,
                completed_at,
            });
            id
        };
        self.touch_suite(suite, now);
        Ok(id)
    }

    /// Begins a suite; the answer is its id.
    pub(super) fn open_suite(
        &mut self,
        sha: &str,
        branch: Option<&str>,
        run: Option<u64>,
        now: Timestamp,
    ) -> u64 {
        let id = self.ids.next();
        self.check_suites.push(CheckSuite {
            id,
            head_sha: sha.to_owned(),
            head_branch: branch.map(str::to_owned),
            run,
            created_at: now,
            updated_at: now,
        });
        id
    }

    pub(super) fn touch_suite(&mut self, id: u64, now: Timestamp) {
        if let Some(suite) = self.check_suites.iter_mut().find(|suite| suite.id == id) {
            suite.updated_at = now;
        }
    }

    pub(crate) fn check_suite(&self, id: u64) -> Option<&CheckSuite> {
        self.check_suites.iter().find(|suite| suite.id == id)
    }

    /// The check runs of a commit, newest first; `latest` keeps the newest of each name in each suite.
    pub(crate) fn check_runs_of(&self, sha: &str, latest: bool) -> Vec<&CheckRun> {
        let mut newest: BTreeMap<(u64, &str), u64> = BTreeMap::new();
        for run in &self.check_runs {
            let known = newest.entry((run.suite, &run.name)).or_insert(run.id);
            *known = run.id.max(*known);
        }
        self.check_runs
            .iter()
            .rev()
            .filter(|run| run.head_sha == sha)
            .filter(|run| !latest || newest.get(&(run.suite, run.name.as_str())) == Some(&run.id))
            .collect()
    }

    /// Status and conclusion of a suite: completed when all its latest runs are, then the worst of them.
    pub(crate) fn suite_outcome(&self, suite: &CheckSuite) -> (Status, Option<&str>) {
        let runs: Vec<&CheckRun> = self
            .check_runs_of(&suite.head_sha, true)
            .into_iter()
            .filter(|run| run.suite == suite.id)
            .collect();
        if runs.is_empty() || runs.iter().all(|run| run.status == Status::Queued) {
            return (Status::Queued, None);
        }
        if runs.iter().any(|run| run.status != Status::Completed) {
            return (Status::InProgress, None);
        }
        let conclusions = || runs.iter().filter_map(|run| run.conclusion.as_deref());
        let bad = conclusions().find(|word| !matches!(*word, "success" | "neutral" | "skipped"));
        (Status::Completed, bad.or_else(|| conclusions().find(|word| *word == "success")).or(Some("neutral")))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::*;

    pub(crate) fn check(commit: &str, name: &str, conclusion: Option<&str>) -> CheckSpec {
        CheckSpec {
            commit: commit.to_owned(),
            name: name.to_owned(),
            status: if conclusion.is_some() { Status::Completed } else { Status::InProgress },
            conclusion: conclusion.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_newest_run_of_a_check_is_latest() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let mut report = |spec: CheckSpec| repository.report_check(&spec, Timestamp::UNIX_EPOCH).unwrap();
        let begun = report(check("main", "test", None));
        assert_eq!(report(check(&sha, "test", Some("failure"))), begun, "the same run ends");
        let again = report(check(&sha, "test", Some("success")));
        assert_ne!(again, begun, "a run that ended does not change");
        report(check(&sha, "lint", None));
        let ids = |latest| repository.check_runs_of(&sha, latest).iter().map(|r| r.id).collect::<Vec<_>>();
        assert_eq!(ids(false).len(), 3);
        assert_eq!(ids(true), [again + 1, again]);
        let outcome = repository.suite_outcome(&repository.check_suites[0]);
        assert_eq!(outcome, (Status::InProgress, None));
    }

    #[test]
    fn a_conclusion_belongs_to_a_completed_check() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let mut wrong = check(&sha, "test", Some("success"));
        wrong.status = Status::Queued;
        assert_eq!(repository.report_check(&wrong, Timestamp::UNIX_EPOCH).unwrap_err().status, 422);
    }
}
