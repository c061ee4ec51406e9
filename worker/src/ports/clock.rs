//! Time, as the worker sees it. Everything that waits or measures goes through here, so that a test can own
//! time. Times of day are shown to people and set deadlines; no two hosts' clocks are ever compared to decide
//! who may act.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, by this host.
    fn now(&self) -> Timestamp;

    /// How long this process has lived, on a clock of its own that only rises and goes on while the process is
    /// stopped. Claims are measured on it (protocol rule 4).
    fn lived(&self) -> Duration;

    /// Returns after this long on the clock of [`Clock::lived`].
    async fn sleep(&self, pause: Duration);
}

/// Gives `call` this long; `None` when it has not ended by then.
pub async fn within<T>(clock: &dyn Clock, limit: Duration, call: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        // The call first: what has been answered counts, even if the time is up as well.
        biased;
        answer = call => Some(answer),
        () = clock.sleep(limit) => None,
    }
}
