//! A worker's loop that runs beside a test, and waiting for what it does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep::engine::EngineError;
use lockstep::service;
use lockstep::world::World;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::stage::Stage;

/// A worker's loop that runs.
pub(crate) struct Loop {
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: JoinHandle<Result<(), EngineError>>,
}

impl Loop {
    pub(crate) fn start(stage: &Stage) -> Self {
        Self::of(stage.world("a"))
    }

    pub(crate) fn of(world: World) -> Self {
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(service::run(Arc::new(world), shutdown.clone()));
        Self { shutdown, running }
    }

    /// As on SIGTERM.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.running.await.unwrap().unwrap();
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
