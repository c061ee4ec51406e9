//! One embedded server: its bound address, the task that serves it and how that task ends.
//! Must never listen on an address that another machine can reach.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::error::StandInError;

/// How long requests that are already running may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// A listening socket that nobody serves yet: the address is known before the server is built.
pub(super) struct Bound {
    service: &'static str,
    address: SocketAddr,
    listener: TcpListener,
}

impl Bound {
    /// Listens on `address`; port 0 picks a free one.
    ///
    /// # Errors
    /// The address is not loopback, is taken, or was refused by the operating system.
    ///
    /// # Panics
    /// Outside a Tokio runtime, as every socket of Tokio does.
    pub(super) fn on(service: &'static str, address: SocketAddr) -> Result<Self, StandInError> {
        if !address.ip().is_loopback() {
            return Err(StandInError::NotLoopback { service, address });
        }
        let listen = |source| StandInError::Listen { service, address, source };
        let socket = StdListener::bind(address).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => {
                StandInError::PortTaken { service, ip: address.ip(), port: address.port() }
            }
            _ => listen(source),
        })?;
        socket.set_nonblocking(true).map_err(listen)?;
        let bound = socket.local_addr().map_err(listen)?;
        Ok(Self { service, address: bound, listener: TcpListener::from_std(socket).map_err(listen)? })
    }

    /// The address that was bound, its port never 0.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves in a task of its own what `run` makes of the listener, until the signal it is given.
    pub(super) fn serve<F, E>(
        self,
        run: impl FnOnce(TcpListener, WaitForCancellationFutureOwned) -> F,
    ) -> Serving
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        let Self { service, address, listener } = self;
        let stop = CancellationToken::new();
        let server = run(listener, stop.clone().cancelled_owned());
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(stand_in.service = service, %error, "a stand-in stopped serving");
            }
        });
        Serving { service, address, stop, task }
    }

    /// Serves an axum router.
    pub(super) fn serve_router(self, router: axum::Router) -> Serving {
        self.serve(|listener, stopped| async move {
            axum::serve(listener, router).with_graceful_shutdown(stopped).await
        })
    }
}

/// A server that runs until it is stopped or dropped.
pub(super) struct Serving {
    service: &'static str,
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Serving {
    /// The address served.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address served, as the base of a URL.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and waits until the requests already running have been answered, [`GRACE`] at most.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            tracing::warn!(
                stand_in.service = self.service,
                "requests were still running when the stand-in stopped"
            );
            self.task.abort();
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
