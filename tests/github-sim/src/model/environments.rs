//! Environments with their reviewers, and the reviews of runs that wait for one.
//!
//! A run of a workflow that deploys to an environment goes on until somebody ends it: what its job does is not
//! here. A review is noted whoever gives it, also by who started the run, so that tests can give one that GitHub
//! would have prevented under other settings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::repository::Repository;
use super::runs::AttemptId;

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSpec {
    /// Its name.
    pub name: String,
    /// Who can approve; nobody is asked when there are none.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// Whether who started a run cannot approve it.
    #[serde(default)]
    pub prevent_self_review: bool,
}

/// A review of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSpec {
    /// For which environment.
    pub environment: String,
    /// `approved` or `rejected`.
    pub state: String,
    /// Who reviewed.
    pub user: String,
    /// In whose words.
    #[serde(default)]
    pub comment: String,
}

impl Repository {
    /// An environment by its name; GitHub compares names without their case.
    pub(crate) fn environment(&self, name: &str) -> Result<(usize, &EnvironmentSpec), Refusal> {
        let mut all = self.environments.iter().enumerate();
        all.find(|(_, known)| known.name.eq_ignore_ascii_case(name)).ok_or_else(Refusal::not_found)
    }

    /// Creates an environment, or changes the one of its name.
    pub(crate) fn put_environment(&mut self, spec: EnvironmentSpec) {
        match self.environments.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&spec.name)) {
            Some(known) => *known = spec,
            None => self.environments.push(spec),
        }
    }

    /// Notes a review of a run.
    pub(crate) fn review(&mut self, run: u64, review: ReviewSpec) -> Result<(), Refusal> {
        self.environment(&review.environment)?;
        let run = self.runs.iter_mut().find(|known| known.id == run).ok_or_else(Refusal::not_found)?;
        run.reviews.push(review);
        Ok(())
    }

    /// Ends the attempt that a run is in.
    pub(crate) fn end_run(&mut self, run: u64, conclusion: &str, now: Timestamp) -> Result<(), Refusal> {
        let attempt = self.run(run)?.current().number;
        let id = AttemptId { owner: self.owner.clone(), repository: self.name.clone(), run, attempt };
        self.complete(&id, conclusion, String::new(), now);
        Ok(())
    }

    /// Whether the run's workflow deploys to an environment, so that it goes on until somebody ends it.
    pub(crate) fn is_held(&self, run: u64) -> bool {
        let workflow = self.run(run).ok().map(|run| run.workflow);
        let found = self.workflows.iter().find(|known| Some(known.id) == workflow);
        found.is_some_and(|workflow| workflow.spec.environment.is_some())
    }
}
