//! When to stop: on SIGTERM, as ECS sends it, or on Ctrl-C.
//!
//! It must never end the process itself; whoever waits for it finishes what is in flight first.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves at the first request to stop.
///
/// # Errors
/// When the process may not install signal handlers.
pub fn requested() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop");
    })
}
