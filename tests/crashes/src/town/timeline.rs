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
    sleepers: Mutex<Vec<Sleeper>>,
}

/// Somebody who waits for a time.
struct Sleeper {
    until: i64,
    /// For how long altogether.
    pause: Duration,
    waker: oneshot::Sender<()>,
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

    /// When the first of those wakes who sleep for at least this long and still want to be woken.
    pub(crate) fn next_sleeper(&self, at_least: Duration) -> Option<i64> {
        let sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting =
            sleepers.iter().filter(|sleeper| sleeper.pause >= at_least && !sleeper.waker.is_closed());
        waiting.map(|sleeper| sleeper.until).min()
    }

    /// Moves the clock and wakes whoever slept until then.
    pub(crate) fn set(&self, now: i64) {
        assert!(now >= self.millis(), "time goes forward");
        self.now.store(now, Ordering::SeqCst);
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        for sleeper in sleepers.extract_if(.., |sleeper| sleeper.until <= now) {
            // Whoever slept may be gone.
            let _ = sleeper.waker.send(());
        }
    }

    /// Returns once the clock has been moved that far.
    pub(crate) async fn slept(&self, pause: Duration) {
        let until = self.millis() + millis(pause);
        let (waker, woken) = oneshot::channel();
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).push(Sleeper { until, pause, waker });
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
