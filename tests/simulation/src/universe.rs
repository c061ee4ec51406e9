//! Everything outside of the workers, in one place: time, chance, the services, what has been seen. Whoever
//! holds it holds the whole state, so that a step is one change and can be judged. Must never wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use lockstep::faults::Service;

use crate::calendar::Calendar;
use crate::counts::Counts;
use crate::customers::Customers;
use crate::dice::Dice;
use crate::journal::Journal;
use crate::plan::Plan;
use crate::services::ecs::Ecs;
use crate::services::forge::Repository;
use crate::services::queue::Messages;
use crate::services::registry::Images;
use crate::services::table::Table;
use crate::staff::Staff;
use crate::traces::Traces;

/// When virtual time begins.
const BEGINNING: Timestamp = Timestamp::constant(1_795_424_400, 0);

/// The state of everything but the workers' own memory.
pub(crate) struct Universe {
    /// Time since the beginning: the services' clock.
    pub(crate) now: Duration,
    pub(crate) dice: Dice,
    pub(crate) plan: Plan,
    pub(crate) calendar: Calendar,
    pub(crate) table: Table,
    pub(crate) messages: Messages,
    pub(crate) ecs: Ecs,
    pub(crate) repository: Repository,
    pub(crate) images: Images,
    pub(crate) customers: Customers,
    pub(crate) staff: Staff,
    pub(crate) traces: Traces,
    pub(crate) journal: Journal,
    pub(crate) counts: Counts,
    /// The services that are away, and until when.
    pub(crate) outages: Vec<(Service, Duration)>,
    /// Set by whatever changed something that an invariant is about, with whom it was about if known.
    pub(crate) changed: bool,
}

impl Universe {
    /// The services' time of day.
    pub(crate) fn time(&self) -> Timestamp {
        time_of(self.now)
    }

    /// Enters a deed for later.
    pub(crate) fn after(&mut self, wait: Duration, deed: impl FnOnce(&mut Self) + Send + 'static) {
        self.calendar.enter(self.now + wait, deed);
    }

    /// Whether trouble may still be made.
    pub(crate) fn is_troubled(&self) -> bool {
        self.now < self.plan.calm
    }

    /// A line for whoever reads a failed run.
    pub(crate) fn note(&mut self, line: std::fmt::Arguments<'_>) {
        self.journal.write(self.now, line);
    }
}

/// The time of day of a moment since the beginning.
pub(crate) fn time_of(moment: Duration) -> Timestamp {
    BEGINNING.checked_add(moment).unwrap_or(Timestamp::MAX)
}

/// The universe, as workers and the run hold it. One thread at a time: the mutex is there because the ports
/// must be `Sync`.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Universe>>);

impl Shared {
    pub(crate) fn new(universe: Universe) -> Self {
        Self(Arc::new(Mutex::new(universe)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Universe> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
