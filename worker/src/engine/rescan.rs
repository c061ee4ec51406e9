//! The scan at start: whatever holds a lock is woken, so that a lost queue loses no deployment. Reads only
//! the lock items, since nothing that is not terminal exists without its lock (protocol rule 1). Safe to
//! run on every worker at once: a wake-up too many is dropped by its number or finds nothing to do.

use std::time::Duration;

use super::{Engine, EngineError};

impl Engine {
    /// Sends a wake-up to every deployment that is under way; returns how many.
    ///
    /// # Errors
    /// The table or the queue failed.
    pub async fn rescan(&self) -> Result<u32, EngineError> {
        let mut woken = 0;
        for (application, environment) in self.world.environments() {
            let lock = self.world.store.environment(&application, &environment).await?.lock;
            let Some(holder) = lock.holder else { continue };
            let Some(newest) = self.world.store.newest(holder).await? else { continue };
            tracing::info!(deployment.id = %holder, %environment, state = %newest.to, "found under way: waking it");
            self.send_wake(holder, newest.wake, None, Duration::ZERO).await?;
            woken += 1;
        }
        Ok(woken)
    }
}
