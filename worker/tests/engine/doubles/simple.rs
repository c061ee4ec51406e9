//! A clock that only tests move, and an application that is always ready.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::ports::{Application, Clock, ReadinessAnswer, ReadinessProbe};
use tokio::sync::watch;

/// When every clock begins.
const BEGINNING: Timestamp = Timestamp::constant(1_795_424_400, 0);

/// Stands still until it is moved: who sleeps on it waits for that.
pub(crate) struct HandClock(watch::Sender<Duration>);

impl HandClock {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Duration::ZERO))
    }

    /// Moves it forward.
    pub(crate) fn forward(&self, by: Duration) {
        self.0.send_modify(|lived| *lived += by);
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        BEGINNING.checked_add(self.lived()).unwrap()
    }

    fn lived(&self) -> Duration {
        *self.0.borrow()
    }

    async fn sleep(&self, pause: Duration) {
        let until = self.lived() + pause;
        self.0.subscribe().wait_for(|lived| *lived >= until).await.unwrap();
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
