//! The one clock of a run: everything in the town and every worker reads it, and it moves only when somebody
//! moves it. Must never go back.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;

/// Virtual time, in milliseconds since the Unix epoch.
pub(crate) struct Timeline {
    now: AtomicI64,
    sleepers: Mutex<Vec<(i64, oneshot::Sender<()>)>>,
}

impl Timeline {
    /// A clock that stands at `now`.
    pub(crate) fn at(now: i64) -> Self {
        Self { now: AtomicI64::new(now), sleepers: Mutex::new(Vec::new()) }
    }

    /// Now.
    pub(crate) fn millis(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    /// Now, as a time of day.
    pub(crate) fn timestamp(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millis()).expect("virtual time stays within a few years")
    }

    /// Moves the clock and wakes whoever slept until then.
    pub(crate) fn set(&self, now: i64) {
        assert!(now >= self.millis(), "time goes forward");
        self.now.store(now, Ordering::SeqCst);
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, sleeper) in sleepers.extract_if(.., |(until, _)| *until <= now) {
            // Whoever slept may be gone.
            let _ = sleeper.send(());
        }
    }

    /// Returns once the clock has been moved that far.
    pub(crate) async fn slept(&self, pause: Duration) {
        let until = self.millis() + millis(pause);
        let (waker, woken) = oneshot::channel();
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push((until, waker));
        // An error means that the run is over: then nothing wakes anybody any more.
        if woken.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A duration as the clock counts it.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
