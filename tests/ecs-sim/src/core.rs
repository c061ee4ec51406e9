//! The one place where the model is changed while the simulator runs: under a lock, with the clock that it was
//! given.
//!
//! No I/O happens under the lock. Effects leave through a channel to the driver, in the order they were asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::call_log::{CallOutcome, LoggedCall};
use crate::history::History;
use crate::knobs::{Knobs, KnobsHandle};
use crate::model::{Effect, Millis, Step, World};
use crate::persist::Stored;
use crate::timing::Timing;

/// Tells the present time, as the model counts it.
pub type Now = Arc<dyn Fn() -> Millis + Send + Sync>;

/// This host's clock.
pub(crate) fn system_now() -> Now {
    Arc::new(|| Millis::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}

struct State {
    world: Arc<World>,
    history: History,
    log: Arc<Vec<LoggedCall>>,
    version: u64,
}

/// The running simulator's state.
pub(crate) struct Core {
    state: Mutex<State>,
    /// The switches.
    pub(crate) knobs: KnobsHandle,
    timing: Timing,
    now: Now,
    effects: UnboundedSender<Effect>,
}

impl Core {
    pub(crate) fn new(
        stored: Stored,
        knobs: KnobsHandle,
        timing: Timing,
        now: Now,
        effects: UnboundedSender<Effect>,
    ) -> Self {
        let state = State {
            world: Arc::new(stored.world),
            history: History::default(),
            log: Arc::new(stored.log),
            version: 0,
        };
        Self { state: Mutex::new(state), knobs, timing, now, effects }
    }

    /// A panic of another holder is a failed test already; the state is still the best there is.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present time.
    pub(crate) fn now(&self) -> Millis {
        (self.now)()
    }

    /// Changes the world.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut World, Step<'_>) -> T) -> T {
        self.change_in(&mut self.lock(), work)
    }

    fn change_in<T>(&self, state: &mut State, work: impl FnOnce(&mut World, Step<'_>) -> T) -> T {
        let knobs = self.knobs.get();
        let step = Step { now: self.now(), timing: &self.timing, knobs: &knobs };
        let State { world, history, version, .. } = state;
        history.begin(step.now, knobs.read_lag_ms, world);
        let current = Arc::make_mut(world);
        let result = work(current, step);
        for effect in current.take_effects() {
            // The driver only goes away when the simulator is shut down; then nothing shall happen any more.
            let _ = self.effects.send(effect);
        }
        history.remember(step.now, knobs.read_lag_ms, world);
        *version += 1;
        result
    }

    /// Changes the world for a caller of the API, and logs the call whatever comes of it.
    pub(crate) fn call<T>(
        &self,
        action: &str,
        request: &Value,
        answer_lost: bool,
        work: impl FnOnce(&mut World, Step<'_>) -> (T, CallOutcome),
    ) -> T {
        let mut state = self.lock();
        let (result, outcome) = self.change_in(&mut state, work);
        let entry = LoggedCall {
            number: state.log.len() as u64 + 1,
            at: self.now(),
            action: action.to_owned(),
            request: request.clone(),
            answer_lost: answer_lost && matches!(outcome, CallOutcome::Done(_)),
            outcome,
        };
        Arc::make_mut(&mut state.log).push(entry);
        result
    }

    /// Reads the world as a Describe or List call may see it.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&World, Step<'_>) -> T) -> T {
        let knobs = self.knobs.get();
        let now = self.now();
        let seen = {
            let state = self.lock();
            state.history.seen(now, knobs.read_lag_ms, &state.world)
        };
        work(&seen, Step { now, timing: &self.timing, knobs: &knobs })
    }

    /// The world as it is, whatever lag is set: for the simulator's own parts.
    pub(crate) fn current(&self) -> Arc<World> {
        Arc::clone(&self.lock().world)
    }

    pub(crate) fn log(&self) -> Arc<Vec<LoggedCall>> {
        Arc::clone(&self.lock().log)
    }

    pub(crate) fn timing(&self) -> &Timing {
        &self.timing
    }

    pub(crate) fn knobs_now(&self) -> Knobs {
        self.knobs.get()
    }

    /// What is to be stored, with a number that rises with every change.
    pub(crate) fn snapshot(&self) -> (u64, Arc<World>, Arc<Vec<LoggedCall>>) {
        let state = self.lock();
        (state.version, Arc::clone(&state.world), Arc::clone(&state.log))
    }
}
