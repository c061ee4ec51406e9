//! What tests and the sandbox do to GitHub from outside the API: create repositories, push commits, report
//! checks, tamper with tags and releases, and look at what happened.
//!
//! These calls stand for people and other systems; they are not in the log of calls.

use std::sync::Arc;

use crate::app::App;
use crate::log::LoggedCall;
use crate::model::checks::CheckSpec;
use crate::model::commits::CommitSpec;
use crate::model::environments::{EnvironmentSpec, ReviewSpec};
use crate::model::refusal::Refusal;
use crate::model::releases::ReleaseSpec;
use crate::model::repository::{BuildCount, RepositorySpec};
use crate::model::statuses::StatusSpec;
use crate::shapes::web;

/// The author of what [`Control`] makes.
const MAINTAINER: &str = "maintainer";

/// A handle to a running simulator; clones control the same one.
#[derive(Debug, Clone)]
pub struct Control {
    app: Arc<App>,
}

/// Every method refuses what GitHub would refuse, in its words.
#[expect(clippy::missing_errors_doc, reason = "said once above for all of them")]
impl Control {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// Creates a repository without commits.
    pub fn create_repository(&self, spec: RepositorySpec) -> Result<(), Refusal> {
        self.app.change(|world, now| world.create_repository(spec, now))
    }

    /// Whether there is such a repository, for example from before a restart.
    #[must_use]
    pub fn has_repository(&self, owner: &str, name: &str) -> bool {
        self.app.read(|world| world.repository(owner, name).is_ok())
    }

    /// Commits on a branch; the answer is the new hash.
    pub fn commit(&self, owner: &str, name: &str, spec: CommitSpec) -> Result<String, Refusal> {
        self.app.change_repository(owner, name, |repository, now| repository.commit(spec, now))
    }

    /// The commit that a branch, tag or hash leads to.
    pub fn resolve(&self, owner: &str, name: &str, reference: &str) -> Result<String, Refusal> {
        self.app.repository(owner, name, |view| view.repository.resolve_or_refuse(reference))
    }

    /// Reports a check; the answer is the check run's id.
    pub fn report_check(&self, owner: &str, name: &str, spec: &CheckSpec) -> Result<u64, Refusal> {
        self.app.change_repository(owner, name, |repository, now| repository.report_check(spec, now))
    }

    /// Reports a commit status.
    pub fn report_status(
        &self,
        owner: &str,
        name: &str,
        commit: &str,
        spec: StatusSpec,
    ) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, now| {
            repository.report_status(commit, spec, MAINTAINER, now).map(|_| ())
        })
    }

    /// Creates a lightweight tag at what `target` leads to.
    pub fn tag(&self, owner: &str, name: &str, tag: &str, target: &str) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, _| {
            let sha = repository.resolve_or_refuse(target)?;
            repository.create_reference(&format!("refs/tags/{tag}"), &sha).map(|_| ())
        })
    }

    /// Creates an annotated tag at an object (the hash of a tag object makes a nested one) or at what
    /// `target` leads to; the answer is the tag object's hash.
    pub fn annotated_tag(
        &self,
        owner: &str,
        name: &str,
        tag: &str,
        target: &str,
        message: &str,
    ) -> Result<String, Refusal> {
        self.app.change_repository(owner, name, |repository, now| {
            let object = match repository.object(target) {
                Some(object) => object.sha().to_owned(),
                None => repository.resolve_or_refuse(target)?,
            };
            repository.annotate(tag, &object, message, now)
        })
    }

    /// Removes a git tag; a release of it stays.
    pub fn delete_tag(&self, owner: &str, name: &str, tag: &str) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, _| {
            repository.delete_reference(&format!("refs/tags/{tag}"))
        })
    }

    /// Adds a release or prerelease; the answer is its id.
    pub fn add_release(&self, owner: &str, name: &str, spec: ReleaseSpec) -> Result<u64, Refusal> {
        self.app.change_repository(owner, name, |repository, now| {
            let web = web(&self.app.base, repository);
            Ok(repository.create_release(spec, MAINTAINER, &web, now)?.id)
        })
    }

    /// Removes the published release of a tag; the tag stays.
    pub fn delete_release(&self, owner: &str, name: &str, tag: &str) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, _| {
            let id = repository.release_by_tag(tag)?.id;
            repository.delete_release(id)
        })
    }

    /// Creates an environment, or changes the one of its name.
    pub fn put_environment(&self, owner: &str, name: &str, spec: EnvironmentSpec) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, _| {
            repository.put_environment(spec);
            Ok(())
        })
    }

    /// Somebody starts a workflow on a branch or tag; the answer is the run's id.
    pub fn start_run(
        &self,
        owner: &str,
        name: &str,
        workflow: &str,
        reference: &str,
        inputs: &[(&str, &str)],
        actor: &str,
    ) -> Result<u64, Refusal> {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let attempt = self.app.change_repository(owner, name, |repository, now| {
            let dispatch = repository.check_dispatch(workflow, reference, &inputs)?;
            Ok(repository.start_run(dispatch, actor, now))
        })?;
        let run = attempt.run;
        self.app.order_build(attempt);
        Ok(run)
    }

    /// Somebody reviews a run that waits for an environment.
    pub fn review(&self, owner: &str, name: &str, run: u64, review: ReviewSpec) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, _| repository.review(run, review))
    }

    /// A run that deploys to an environment ends.
    pub fn end_run(&self, owner: &str, name: &str, run: u64, conclusion: &str) -> Result<(), Refusal> {
        self.app.change_repository(owner, name, |repository, now| repository.end_run(run, conclusion, now))
    }

    /// How often images were built in this repository.
    pub fn build_count(&self, owner: &str, name: &str) -> Result<BuildCount, Refusal> {
        self.app.repository(owner, name, |view| Ok(view.repository.builds))
    }

    /// The mutating calls so far, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedCall> {
        self.app.read(|world| world.log.clone())
    }
}
