//! Interrupts of a command that waits: SIGINT (Ctrl-C) and SIGTERM count alike, since GitHub's runner sends one
//! of each to a step that is cancelled. Must never lose one that comes while something else is under way.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from when it is made; until then the signals end the process.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Begins to listen. The process can no longer be ended by these signals, so whoever holds this must look
    /// at them.
    pub(super) fn listen() -> io::Result<Self> {
        let (interrupt, terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(Self { interrupt, terminate })
    }

    /// What the work comes to; `None` when an interrupt comes first, which gives the work up.
    pub(super) async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            // Interrupts first: GitHub's runner leaves a step 10 s in all.
            biased;
            _ = self.interrupt.recv() => None,
            _ = self.terminate.recv() => None,
            done = work => Some(done),
        }
    }
}
