//! What a worker says about itself to machines: is it alive, is it ready, and how much of what it has done (docs/metrics.md). Told
//! by ports that watch the real ones: the engine knows nothing of it. Must never change, delay or fail what it watches, and
//! never have a label that grows without end.

mod counts;
mod pulse;
mod queue;
mod server;
mod store;

use std::sync::Arc;

use counts::Counts;
pub use counts::METRICS;
use pulse::{Needed, Pulse};
pub use queue::WatchedQueue;
pub use server::serve;
pub use store::{StoreWatcher, WatchedStore};

use crate::faults::Fault;
use crate::ports::{Clock, Entry};
use crate::world::World;

/// What is watched of one worker.
pub struct Operations {
    counts: Counts,
    pulse: Pulse,
    clock: Arc<dyn Clock>,
}

impl Operations {
    /// Watches a world's table and queue from now on.
    #[must_use]
    pub fn watch(world: &mut World) -> Arc<Self> {
        let clock = Arc::clone(&world.clock);
        let operations = Arc::new(Self {
            counts: Counts::new(),
            pulse: Pulse::new(clock.lived()),
            clock: Arc::clone(&clock),
        });
        let watcher: Arc<dyn StoreWatcher> = Arc::clone(&operations) as Arc<dyn StoreWatcher>;
        world.store = Arc::new(WatchedStore::new(Arc::clone(&world.store), watcher));
        world.queue = Arc::new(WatchedQueue::new(Arc::clone(&world.queue), Arc::clone(&operations)));
        operations
    }

    /// The counts in OpenMetrics' text format.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.counts.text()
    }

    /// Whether the worker's loop turns.
    ///
    /// # Errors
    /// In words: it does not.
    pub fn alive(&self) -> Result<(), String> {
        self.pulse.alive(self.clock.lived())
    }

    /// Whether the worker could take a request up now.
    ///
    /// # Errors
    /// In words: what is in the way.
    pub fn ready(&self) -> Result<(), String> {
        self.pulse.ready(self.clock.lived())
    }
}

impl StoreWatcher for Operations {
    fn wrote(&self, entry: &Entry) {
        self.counts.wrote(entry);
    }

    fn answered(&self, fault: Option<&Fault>) {
        self.pulse.answered(Needed::Table, fault, self.clock.lived());
        if let Some(fault) = fault {
            self.counts.failed(fault);
        }
    }
}
