//! The running simulator's centre: the world behind a lock, its file, the clock it was given and the builder's
//! inbox.
//!
//! Every change goes through [`App::change`], which stores it before anybody is told of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

use crate::knobs::KnobsHandle;
use crate::model::refusal::Refusal;
use crate::model::repository::Repository;
use crate::model::runs::AttemptId;
use crate::model::world::World;
use crate::quota::Quota;
use crate::shapes::View;
use crate::state_file::{self, StateError};

/// Tells the present time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What all handlers share.
pub(crate) struct App {
    /// The simulator's own address, such as `http://127.0.0.1:8080`.
    pub(crate) base: String,
    pub(crate) knobs: KnobsHandle,
    pub(crate) quota: Quota,
    pub(crate) tokens: BTreeSet<String>,
    world: Mutex<World>,
    state_file: Option<PathBuf>,
    builds: UnboundedSender<AttemptId>,
    now: Now,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("base", &self.base).field("world", &self.world).finish_non_exhaustive()
    }
}

impl App {
    /// Takes over the stored state, if there is any.
    pub(crate) fn new(
        base: String,
        knobs: KnobsHandle,
        tokens: BTreeSet<String>,
        state_file: Option<PathBuf>,
        builds: UnboundedSender<AttemptId>,
    ) -> Result<Self, StateError> {
        let world = state_file.as_deref().map_or_else(|| Ok(World::default()), state_file::load)?;
        let app = Self::over(world, base, knobs, tokens, builds, Arc::new(Timestamp::now));
        Ok(Self { state_file, ..app })
    }

    /// As [`App::new`], over this world, in memory only and by this clock.
    pub(crate) fn over(
        world: World,
        base: String,
        knobs: KnobsHandle,
        tokens: BTreeSet<String>,
        builds: UnboundedSender<AttemptId>,
        now: Now,
    ) -> Self {
        let quota = Quota::new(knobs.clone());
        Self { base, knobs, quota, tokens, world: Mutex::new(world), state_file: None, builds, now }
    }

    /// The present time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Looks at the world.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at one repository.
    pub(crate) fn repository<T>(
        &self,
        owner: &str,
        name: &str,
        look: impl FnOnce(View<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.read(|world| look(self.view(world.repository(owner, name)?)))
    }

    /// One repository with what is needed to write it as JSON.
    pub(crate) fn view<'a>(&'a self, repository: &'a Repository) -> View<'a> {
        let knobs = self.knobs.get();
        View {
            base: &self.base,
            repository,
            null_head_branch: knobs.null_head_branch,
            workflow_name_as_run_name: knobs.workflow_name_as_run_name,
        }
    }

    /// Changes the world and stores it. The file is small, so it is written in place, under the lock: two
    /// changes reach it in their order.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut World, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = change(&mut world, self.now())?;
        if let Some(path) = &self.state_file {
            state_file::save(path, &world).map_err(|error| {
                tracing::error!(error = &error as &dyn std::error::Error, "the state is not stored");
                Refusal::new(500, error.to_string())
            })?;
        }
        Ok(outcome)
    }

    /// Changes one repository; `change` is given the address as well, to write its answer.
    pub(crate) fn change_repository<T>(
        &self,
        owner: &str,
        name: &str,
        change: impl FnOnce(&mut Repository, Timestamp) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.change(|world, now| change(world.repository_mut(owner, name)?, now))
    }

    /// Hands an attempt to the builder. A builder that is gone was stopped together with the server; the
    /// attempt is taken up at the next start.
    pub(crate) fn order_build(&self, attempt: AttemptId) {
        if self.builds.send(attempt).is_err() {
            tracing::debug!("the builder has stopped; the run waits for the next start");
        }
    }
}
