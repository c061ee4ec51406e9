//! A clock that begins at the same moment in every run, so that a screenshot changes only when the page does.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lockstep::ports::Clock;

/// Begins at a given time of day; goes as fast as any.
pub(crate) struct Staged {
    pub(crate) from: Timestamp,
    pub(crate) made: Instant,
}

#[async_trait]
impl Clock for Staged {
    fn now(&self) -> Timestamp {
        self.from + SignedDuration::try_from(self.made.elapsed()).unwrap()
    }

    fn lived(&self) -> Duration {
        self.made.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
