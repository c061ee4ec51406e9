//! The reconciler: finds deployments that nobody wakes any more (a purged queue, an expired message) and looks
//! after them itself. Needs no input: it reads the lock items, since nothing that is not terminal exists
//! without its lock (protocol rule 1). Safe to run on every worker at once: a look is what a wake-up causes,
//! so two of them contend on the history's next number like any two. Must never send a wake-up of its own for a
//! deployment that only waits: copies of one number would multiply with every scan.

use std::collections::BTreeMap;
use std::time::Duration;

use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};

use super::drive::Arrival;
use super::{Engine, EngineError};
use crate::ports::{Lock, Recorded};

/// Looks after the deployments that hold locks.
pub struct Reconciler {
    engine: Engine,
    /// The newest item of each deployment under way, and when this process first saw it, on its own clock.
    /// Losing it costs one scan.
    seen: BTreeMap<DeploymentId, Sight>,
}

#[derive(Debug, Clone, Copy)]
struct Sight {
    seq: u64,
    at: Duration,
}

impl Reconciler {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine, seen: BTreeMap::new() }
    }

    /// Looks at every lock once; returns how many are held. A deployment that has not moved since the scan
    /// before is looked after as if a wake-up had come. If it has not moved for a lease, then a claim on it
    /// is dead: that is the time that a takeover's wake-up spends in the queue (protocol rule 6), measured on
    /// this process's own clock instead. From the next transition on it wakes itself again.
    ///
    /// # Errors
    /// No environment could be read. What went wrong with one of several, or with one deployment, is logged and
    /// does not keep the others waiting.
    pub async fn scan(&mut self) -> Result<usize, EngineError> {
        let engine = self.engine.clone();
        let world = engine.world();
        let mut held = BTreeMap::new();
        let (mut read, mut failed) = (0_usize, None);
        for (application, environment) in world.environments() {
            let (lock, newest) = match self.look(&application, &environment).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(%application, %environment, %error, "cannot be looked after: again at the next scan");
                    failed.get_or_insert(error);
                    continue;
                }
            };
            read += 1;
            let Some(holder) = lock.holder else { continue };
            // A number and a name without dots: a log filter makes the alarm "held too long" of it.
            let lock_held_seconds = lock.since.map(|since| world.clock.now().duration_since(since).as_secs());
            tracing::info!(deployment.id = %holder, %environment, lock_held_seconds, "lock held");
            let Some(newest) = newest else { continue };
            // After the read: what was seen is at least this old when it is compared.
            let now = world.clock.lived();
            let before = self.seen.get(&holder).filter(|sight| sight.seq == newest.seq).copied();
            held.insert(holder, before.unwrap_or(Sight { seq: newest.seq, at: now }));
            let Some(before) = before else {
                continue;
            };
            let dead = now.saturating_sub(before.at) >= world.settings.lease;
            let takeover_of = newest.claim().filter(|_| dead);
            let arrival = Arrival { number: None, takeover_of, keeps_chain: false, news_of: None };
            tracing::debug!(deployment.id = %holder, %environment, state = %newest.to, "not moved since the last scan: looking after it");
            if let Err(error) = engine.drive(holder, arrival).await {
                tracing::warn!(deployment.id = %holder, %error, "could not be looked after: again at the next scan");
            }
        }
        let count = held.len();
        self.seen = held;
        match failed {
            Some(error) if read == 0 => Err(error),
            Some(_) | None => Ok(count),
        }
    }

    /// An environment's lock, and the newest item of who holds it.
    async fn look(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Result<(Lock, Option<Recorded>), EngineError> {
        let store = &self.engine.world().store;
        let lock = store.environment(application, environment).await?.lock;
        let newest = match lock.holder {
            Some(holder) => store.newest(holder).await?,
            None => None,
        };
        Ok((lock, newest))
    }
}
