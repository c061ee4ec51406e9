//! A clock that only tests move, and an application that is always ready.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::ports::{Application, Clock, ReadinessAnswer, ReadinessProbe};

/// Stands still until it is moved.
pub(crate) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new("2026-11-23T09:00:00Z".parse().unwrap()))
    }

    /// Moves it forward.
    pub(crate) fn forward(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.checked_add(by).unwrap();
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Answers 200 to everything.
pub(crate) struct AlwaysReady;

#[async_trait]
impl Application for AlwaysReady {
    async fn probe(&self, _: &ReadinessProbe) -> ReadinessAnswer {
        ReadinessAnswer { ready: true, status: Some(200), detail: "ready".to_owned() }
    }
}
