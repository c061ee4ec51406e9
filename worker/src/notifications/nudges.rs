//! How the announcer learns at once of what this worker records: a watcher of the table that tells it of every item worth telling.
//! A nudge is a hint and may be lost; the announcer's own look at the lists finds what nobody told it of. Must never
//! delay or change a write.

use std::sync::Arc;

use lockstep_events::DeploymentId;
use tokio::sync::mpsc;

use super::occasion;
use crate::faults::Fault;
use crate::operations::{StoreWatcher, WatchedStore};
use crate::ports::{Entry, Store};

/// How many nudges wait at most; one more is dropped.
const WAITING: usize = 256;

/// What the announcer is nudged about.
pub type Nudges = mpsc::Receiver<DeploymentId>;

/// The table, with the end at which nudges about what is written to it arrive.
#[must_use]
pub fn nudging(table: Arc<dyn Store>) -> (WatchedStore, Nudges) {
    let (nudge, nudges) = mpsc::channel(WAITING);
    (WatchedStore::new(table, Arc::new(Nudger { nudge })), nudges)
}

/// Nudges.
struct Nudger {
    nudge: mpsc::Sender<DeploymentId>,
}

impl StoreWatcher for Nudger {
    fn wrote(&self, entry: &Entry) {
        if occasion::of(entry).is_some() {
            // Full, or nobody listens any more: the next look at the lists finds it.
            let _ = self.nudge.try_send(entry.id);
        }
    }

    fn answered(&self, _: Option<&Fault>) {}
}
