//! Workflow runs: from dispatched to completed, with their attempts, jobs and check runs.
//!
//! A run goes queued, in progress, completed and never back; running it again is a new attempt of the same
//! run. A transition of an attempt that is over or was replaced is ignored, so that a late builder does no
//! harm.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::{CheckRun, Status};
use super::environments::ReviewSpec;
use super::refusal::Refusal;
use super::repository::Repository;
use super::workflows::Dispatch;

/// The name of the one job of a run, also of its check run.
pub(crate) const JOB_NAME: &str = "build";

/// A workflow run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) workflow: u64,
    pub(crate) title: String,
    pub(crate) head_sha: String,
    pub(crate) head_branch: Option<String>,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) actor: String,
    pub(crate) check_suite: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// What reviewers said of it, of all attempts.
    #[serde(default)]
    pub(crate) reviews: Vec<ReviewSpec>,
    /// The first attempt at first; never empty.
    pub(crate) attempts: Vec<Attempt>,
}

/// One attempt of a run; its job and check run share one id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) number: u64,
    pub(crate) job: u64,
    pub(crate) status: Status,
    pub(crate) conclusion: Option<String>,
    pub(crate) begun_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    /// What the build said, such as the digest pushed or why it failed.
    pub(crate) outcome: String,
}

/// Which attempt of which run: what a builder is told to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttemptId {
    pub(crate) owner: String,
    pub(crate) repository: String,
    pub(crate) run: u64,
    pub(crate) attempt: u64,
}

impl Run {
    /// The newest attempt.
    pub(crate) fn current(&self) -> &Attempt {
        // `attempts` is filled when the run is made and never emptied.
        &self.attempts[self.attempts.len() - 1]
    }

    /// Whether the run's workflow builds an image: it does if it was told how to tag one.
    pub(crate) fn builds_image(&self) -> bool {
        self.inputs.contains_key("image_tag")
    }

    pub(crate) fn attempt(&self, number: u64) -> Result<&Attempt, Refusal> {
        self.attempts.iter().find(|attempt| attempt.number == number).ok_or_else(Refusal::not_found)
    }
}

impl Repository {
    /// Starts a run; the answer is the attempt to work on.
    pub(crate) fn start_run(&mut self, dispatch: Dispatch, actor: &str, now: Timestamp) -> AttemptId {
        let id = self.ids.next();
        let Dispatch { workflow, title, head_sha, head_branch, inputs } = dispatch;
        let check_suite = self.open_suite(&head_sha, head_branch.as_deref(), Some(id), now);
        let number = self.runs.iter().filter(|run| run.workflow == workflow).count() as u64 + 1;
        self.runs.push(Run {
            id,
            number,
            workflow,
            title,
            head_sha: head_sha.clone(),
            head_branch,
            inputs,
            actor: actor.to_owned(),
            check_suite,
            created_at: now,
            updated_at: now,
            reviews: Vec::new(),
            attempts: Vec::new(),
        });
        let position = self.runs.len() - 1;
        self.begin_attempt(position, now)
    }

    fn begin_attempt(&mut self, position: usize, now: Timestamp) -> AttemptId {
        let job = self.ids.next();
        let run = &mut self.runs[position];
        let number = run.attempts.len() as u64 + 1;
        run.attempts.push(Attempt {
            number,
            job,
            status: Status::Queued,
            conclusion: None,
            begun_at: now,
            started_at: None,
            completed_at: None,
            outcome: String::new(),
        });
        run.updated_at = now;
        self.check_runs.push(CheckRun {
            id: job,
            suite: run.check_suite,
            head_sha: run.head_sha.clone(),
            name: JOB_NAME.to_owned(),
            status: Status::Queued,
            conclusion: None,
            started_at: now,
            completed_at: None,
        });
        let run = run.id;
        AttemptId { owner: self.owner.clone(), repository: self.name.clone(), run, attempt: number }
    }

    pub(crate) fn run(&self, id: u64) -> Result<&Run, Refusal> {
        self.runs.iter().find(|run| run.id == id).ok_or_else(Refusal::not_found)
    }

    /// The attempts that a builder has to work on, for example after a restart.
    pub(crate) fn unfinished(&self) -> Vec<AttemptId> {
        let open = self.runs.iter().filter(|run| run.current().status != Status::Completed);
        open.map(|run| AttemptId {
            owner: self.owner.clone(),
            repository: self.name.clone(),
            run: run.id,
            attempt: run.current().number,
        })
        .collect()
    }

    /// Whether this attempt is still the one to work on.
    pub(crate) fn is_active(&self, id: &AttemptId) -> bool {
        self.run(id.run)
            .is_ok_and(|run| run.current().number == id.attempt && run.current().status != Status::Completed)
    }

    /// A runner took the attempt, for the first time or again after a restart; `false` if it is over.
    pub(crate) fn begin(&mut self, id: &AttemptId, now: Timestamp) -> bool {
        if !self.is_active(id) {
            return false;
        }
        let run = self.run(id.run);
        if run.is_ok_and(|run| run.builds_image() && run.current().started_at.is_none()) {
            self.builds.started += 1;
        }
        self.change_attempt(id, now, |attempt| {
            attempt.status = Status::InProgress;
            attempt.started_at.get_or_insert(now);
        });
        true
    }

    /// The attempt ended.
    pub(crate) fn complete(&mut self, id: &AttemptId, conclusion: &str, outcome: String, now: Timestamp) {
        if self.is_active(id) {
            self.change_attempt(id, now, |attempt| {
                attempt.status = Status::Completed;
                attempt.conclusion = Some(conclusion.to_owned());
                attempt.completed_at = Some(now);
                attempt.outcome = outcome;
            });
        }
    }

    fn change_attempt(&mut self, id: &AttemptId, now: Timestamp, change: impl FnOnce(&mut Attempt)) {
        let Some(run) = self.runs.iter_mut().find(|run| run.id == id.run) else { return };
        let suite = run.check_suite;
        run.updated_at = now;
        let Some(attempt) = run.attempts.iter_mut().find(|attempt| attempt.number == id.attempt) else {
            return;
        };
        change(attempt);
        if let Some(check) = self.check_runs.iter_mut().find(|check| check.id == attempt.job) {
            check.status = attempt.status;
            check.conclusion.clone_from(&attempt.conclusion);
            check.completed_at = attempt.completed_at;
        }
        self.touch_suite(suite, now);
    }

    /// Cancels a run that has not ended.
    pub(crate) fn cancel_run(&mut self, id: u64, now: Timestamp) -> Result<(), Refusal> {
        let attempt = self.run(id)?.current().number;
        let id = AttemptId { owner: self.owner.clone(), repository: self.name.clone(), run: id, attempt };
        if !self.is_active(&id) {
            return Err(Refusal::new(409, "Cannot cancel a workflow run that is completed"));
        }
        self.complete(&id, "cancelled", "The run was cancelled.".to_owned(), now);
        Ok(())
    }

    /// Runs a completed run once more.
    pub(crate) fn rerun(&mut self, id: u64, now: Timestamp) -> Result<AttemptId, Refusal> {
        let position = self.runs.iter().position(|run| run.id == id).ok_or_else(Refusal::not_found)?;
        if self.runs[position].current().status != Status::Completed {
            return Err(Refusal::new(403, "This workflow is already running"));
        }
        Ok(self.begin_attempt(position, now))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::super::workflows::tests::inputs;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    pub(crate) fn started() -> (Repository, AttemptId) {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let dispatch = repository.check_dispatch("build-image.yml", "main", &inputs(&sha)).unwrap();
        let id = repository.start_run(dispatch, "dev", NOW);
        (repository, id)
    }

    fn state(repository: &Repository, id: &AttemptId) -> (Status, Option<String>) {
        let run = repository.run(id.run).unwrap();
        let check = repository.check_runs.iter().find(|check| check.id == run.current().job).unwrap();
        assert_eq!((check.status, &check.conclusion), (run.current().status, &run.current().conclusion));
        (run.current().status, run.current().conclusion.clone())
    }

    #[test]
    fn a_run_goes_its_way_once_and_its_check_run_follows() {
        let (mut repository, id) = started();
        assert_eq!(state(&repository, &id), (Status::Queued, None));
        assert_eq!(repository.unfinished(), std::slice::from_ref(&id));
        assert!(repository.begin(&id, NOW));
        assert!(repository.begin(&id, NOW), "again after a restart");
        assert_eq!(repository.builds.started, 1);
        assert_eq!(state(&repository, &id), (Status::InProgress, None));
        repository.complete(&id, "success", String::new(), NOW);
        repository.complete(&id, "failure", String::new(), NOW);
        assert!(!repository.begin(&id, NOW));
        assert_eq!(state(&repository, &id), (Status::Completed, Some("success".into())));
        assert!(repository.unfinished().is_empty());
    }

    #[test]
    fn a_cancelled_run_stays_cancelled() {
        let (mut repository, id) = started();
        repository.cancel_run(id.run, NOW).unwrap();
        repository.complete(&id, "success", String::new(), NOW);
        assert_eq!(state(&repository, &id), (Status::Completed, Some("cancelled".into())));
        assert_eq!(repository.cancel_run(id.run, NOW).unwrap_err().status, 409);
    }

    #[test]
    fn a_second_attempt_replaces_the_first_and_keeps_its_record() {
        let (mut repository, first) = started();
        assert_eq!(repository.rerun(first.run, NOW).unwrap_err().status, 403);
        repository.complete(&first, "failure", "why".into(), NOW);
        let second = repository.rerun(first.run, NOW).unwrap();
        assert_eq!((second.run, second.attempt), (first.run, 2));
        repository.complete(&first, "success", String::new(), NOW);
        let run = repository.run(first.run).unwrap();
        assert_eq!(run.attempt(1).unwrap().conclusion.as_deref(), Some("failure"));
        assert_eq!(run.current().status, Status::Queued);
        let latest = repository.check_runs_of(&run.head_sha, true);
        assert_eq!(latest.iter().map(|check| check.id).collect::<Vec<_>>(), [run.current().job]);
    }
}
