//! The simulator without a port, a builder or a clock of its own: whoever holds it passes requests to its
//! router, moves the time and ends the builds. For runs that must be exact, repeatable and fast.
//!
//! API, model and knobs are those of [`crate::GithubSim`] (delays of builds aside, which the holder decides).
//! Must never push an image: what a build leaves in the registry is the holder's to put there.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use tokio::sync::mpsc::unbounded_channel;

use crate::app::{App, Now};
use crate::control::Control;
use crate::http;
use crate::knobs::{Knobs, KnobsHandle};
use crate::model::refusal::Refusal;
use crate::model::repository::Repository;
use crate::model::runs::AttemptId;
use crate::model::world::World;

/// All of GitHub at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot(World);

/// A build that was dispatched and has not ended.
#[derive(Debug, Clone)]
pub struct VirtualBuild {
    attempt: AttemptId,
    /// When it was dispatched.
    pub dispatched_at: Timestamp,
    /// What the dispatch said, by the workflow's names.
    pub inputs: BTreeMap<String, String>,
}

impl VirtualBuild {
    /// The workflow run's id.
    #[must_use]
    pub fn run(&self) -> u64 {
        self.attempt.run
    }
}

/// A simulator whose time is moved by hand.
#[derive(Debug)]
pub struct VirtualGithub {
    app: Arc<App>,
}

impl VirtualGithub {
    /// A simulator that goes on from a snapshot; the default is a GitHub without repositories. `base` is the
    /// address that its answers name, `tokens` are accepted, `now` tells the time, which must only rise.
    #[must_use]
    pub fn restore(snapshot: &Snapshot, base: &str, tokens: &[&str], knobs: Knobs, now: Now) -> Self {
        // Nobody takes orders: `builds` finds what is unfinished in the model.
        let (orders, _) = unbounded_channel();
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        let knobs = KnobsHandle::new(knobs);
        let app = App::over(snapshot.0.clone(), base.to_owned(), knobs, tokens, orders, now);
        Self { app: Arc::new(app) }
    }

    /// The API.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.app))
    }

    /// A handle to act on the repositories from outside the API.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.app))
    }

    /// GitHub as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.app.read(World::clone))
    }

    /// The builds that have not ended, oldest first.
    #[must_use]
    pub fn builds(&self) -> Vec<VirtualBuild> {
        let of = |repository: &Repository| -> Vec<VirtualBuild> {
            let unfinished = repository.unfinished().into_iter();
            let builds = unfinished.filter_map(|attempt| {
                let run = repository.run(attempt.run).ok()?;
                let (dispatched_at, inputs) = (run.created_at, run.inputs.clone());
                Some(VirtualBuild { attempt, dispatched_at, inputs })
            });
            builds.collect()
        };
        self.app.read(|world| world.repositories().flat_map(of).collect())
    }

    /// Ends a build that pushed its image.
    ///
    /// # Errors
    /// Its repository is gone.
    pub fn succeed(&self, build: &VirtualBuild) -> Result<(), Refusal> {
        let id = &build.attempt;
        self.app.change_repository(&id.owner, &id.repository, |repository, now| {
            if repository.begin(id, now) {
                repository.builds.pushed += 1;
                repository.complete(id, "success", "Pushed.".to_owned(), now);
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::runs::tests::started;

    #[test]
    fn a_build_ends_when_told_and_a_copy_has_what_was_there() {
        let (repository, id) = started();
        let (owner, name) = (repository.owner.clone(), repository.name.clone());
        let now: Now = Arc::new(|| Timestamp::UNIX_EPOCH);
        let mut world = World::default();
        let spec = crate::RepositorySpec::new(&owner, &name);
        world.create_repository(spec, Timestamp::UNIX_EPOCH).unwrap();
        *world.repository_mut(&owner, &name).unwrap() = repository;
        let restore = |snapshot: &Snapshot| {
            VirtualGithub::restore(snapshot, "http://127.0.0.1:1", &["t"], Knobs::default(), Arc::clone(&now))
        };
        let github = restore(&Snapshot(world));
        let copy = restore(&github.snapshot());
        let builds = github.builds();
        assert_eq!(builds.iter().map(|build| build.attempt.run).collect::<Vec<_>>(), [id.run]);
        github.succeed(&builds[0]).unwrap();
        github.succeed(&builds[0]).unwrap();
        assert!(github.builds().is_empty());
        assert_eq!(github.control().build_count(&owner, &name).unwrap().pushed, 1, "it ends once");
        assert_eq!(copy.builds().len(), 1, "a copy goes its own way");
    }
}
