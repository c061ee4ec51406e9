//! A service that is a program of its own: started, waited for, killed with its owner. Must never be one that
//! other machines can reach, so it is started inside a test's own namespaces only.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A busy machine may take long to start a JVM.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running service. Killed when dropped.
pub(crate) struct Program {
    _child: Child,
    endpoint: String,
}

impl Program {
    /// Starts it and waits until it listens on this port of 127.0.0.1.
    ///
    /// # Panics
    /// It ends, or does not listen in time; its output is in the message.
    pub(crate) async fn start(mut command: Command, port: u16) -> Self {
        let log = NamedTempFile::new().unwrap();
        command.stdin(Stdio::null()).stdout(log.reopen().unwrap()).stderr(log.reopen().unwrap());
        let mut child = command.kill_on_drop(true).spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            let said = || std::fs::read_to_string(log.path()).unwrap_or_default();
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{command:?} ended at once ({status}): {}", said());
            }
            assert!(begun.elapsed() < PATIENCE, "{command:?} does not listen on {address}: {}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { _child: child, endpoint: format!("http://{address}") }
    }

    /// Its base URL.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}
