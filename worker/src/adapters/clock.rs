//! This host's clocks.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ports::Clock;

/// The system's clocks: the time of day, and the monotonic clock from when this was made.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    made: Instant,
}

impl SystemClock {
    /// Starts counting.
    #[must_use]
    pub fn new() -> Self {
        Self { made: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn lived(&self) -> Duration {
        self.made.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
