//! Starting and stopping the simulator.
//!
//! It must never listen beyond the address it was given, and never lose a run that was going on: what was
//! unfinished at a stop is taken up again at the next start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use oci_image::RegistryAuth;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::app::App;
use crate::builder::{self, Program, Workshop};
use crate::control::Control;
use crate::http;
use crate::knobs::{Knobs, KnobsHandle};
use crate::state_file::StateError;

/// How to start.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes any free one. Use 127.0.0.1: the control routes ask for no credentials.
    pub listen: SocketAddr,
    /// Where to keep the state; in memory only without.
    pub state_file: Option<PathBuf>,
    /// `host:port` of the image registry that builds push to.
    pub registry: String,
    /// The registry's credentials.
    pub registry_auth: RegistryAuth,
    /// The sample application's program, put into every image.
    pub sample_app: PathBuf,
    /// The bearer tokens that are accepted, besides those handed out to GitHub Apps.
    pub tokens: Vec<String>,
    /// The knobs at first.
    pub knobs: Knobs,
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be had.
    #[error("listening on {address} failed; is another simulator running? Choose another port or stop it")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The stored state cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no program to put into images.
    #[error("the sample application {} is not there; build it with `cargo build -p sample-app`", .0.display())]
    NoSampleApp(PathBuf),
}

/// A running simulator. Dropping it stops it as well, without waiting for the end.
#[derive(Debug)]
pub struct GithubSim {
    app: Arc<App>,
    stop: DropGuard,
    server: JoinHandle<()>,
    builder: JoinHandle<()>,
}

impl GithubSim {
    /// Starts serving, with the stored state if there is one, and takes up unfinished runs.
    ///
    /// # Errors
    /// [`StartError`] says what is missing and what to do.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if !config.sample_app.is_file() {
            return Err(StartError::NoSampleApp(config.sample_app));
        }
        let failed = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let base = format!("http://{}", listener.local_addr().map_err(failed)?);
        let (orders, inbox) = mpsc::unbounded_channel();
        let tokens = config.tokens.into_iter().collect();
        let knobs = KnobsHandle::new(config.knobs);
        let app = Arc::new(App::new(base, knobs, tokens, config.state_file, orders)?);
        let unfinished =
            app.read(|world| world.repositories().flat_map(|found| found.unfinished()).collect::<Vec<_>>());
        for attempt in unfinished {
            app.order_build(attempt);
        }
        let stop = CancellationToken::new();
        let workshop = Workshop {
            app: Arc::clone(&app),
            registry: config.registry,
            auth: config.registry_auth,
            program: Program::new(config.sample_app),
        };
        let builder = tokio::spawn(builder::work(Arc::new(workshop), inbox, stop.clone()));
        let router = http::router(Arc::clone(&app));
        let stopped = stop.clone().cancelled_owned();
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Self { app, stop: stop.drop_guard(), server, builder })
    }

    /// The address of the API, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn base_uri(&self) -> String {
        self.app.base.clone()
    }

    /// A handle to act on the repositories from outside the API.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.app))
    }

    /// A handle to the knobs.
    #[must_use]
    pub fn knobs(&self) -> KnobsHandle {
        self.app.knobs.clone()
    }

    /// Stops: calls under way are answered, builds under way are dropped and taken up at the next start.
    pub async fn shutdown(self) {
        drop(self.stop);
        for task in [self.builder, self.server] {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the simulator ended abnormally");
            }
        }
    }
}
