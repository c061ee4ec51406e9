//! A running simulator: what tests and the sandbox hold.
//!
//! Dropping it kills its task processes; `shutdown` stops them properly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::call_log::LoggedCall;
use crate::config::{Config, SqsTarget};
use crate::core::{Core, system_now};
use crate::driver::Driver;
use crate::front::Fronts;
use crate::http;
use crate::knobs::KnobsHandle;
use crate::model::{ApiError, Arns, Effect, Step, World};
use crate::persist::{PersistError, StateFile, Stored};
use crate::runner::{Launcher, ProcessLauncher, Reports};
use crate::{events, seed};

/// How often the state is stored when nobody calls.
const SAVE_EVERY: Duration = Duration::from_millis(300);

/// How much longer than the stop timeout a shutdown waits for the last task.
const SHUTDOWN_MARGIN: Duration = Duration::from_secs(2);

/// What the parts of a running simulator share.
pub(crate) struct Shared {
    pub(crate) core: Arc<Core>,
    pub(crate) launcher: Arc<dyn Launcher>,
    pub(crate) state_file: StateFile,
    pub(crate) tick: Duration,
}

/// A running simulator.
pub struct EcsSim {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop_timeout: Duration,
    stop: CancellationToken,
    parts: Vec<JoinHandle<()>>,
}

/// A simulator that could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It would have been reachable from elsewhere.
    #[error("the ECS simulator listens on loopback addresses only, not on {0}; use 127.0.0.1")]
    NotLocal(SocketAddr),
    /// The API's port is taken.
    #[error("the ECS simulator cannot listen on {address}: {source}; choose another port, or 0 for any")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A service's front port is taken.
    #[error(
        "the front port {port} of service {service} cannot be opened: {source}; choose another, or 0 for any"
    )]
    Front {
        /// The service's ARN.
        service: String,
        /// The port.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
    /// The work directory cannot be used.
    #[error("the work directory {path} cannot be prepared: {source}", path = path.display())]
    WorkDir {
        /// Where.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The state file cannot be used.
    #[error(transparent)]
    State(#[from] PersistError),
    /// A seed is not a valid service.
    #[error("the seed of service {service} was refused: {source}")]
    Seed {
        /// Its name.
        service: String,
        /// Why.
        source: ApiError,
    },
    /// No HTTP client for the front ports.
    #[error("no HTTP client for the front ports: {0}")]
    Client(#[from] reqwest::Error),
}

impl EcsSim {
    /// Starts a simulator whose tasks are processes.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let work_dir = |source| StartError::WorkDir { path: config.work_dir.clone(), source };
        std::fs::create_dir_all(&config.work_dir).map_err(work_dir)?;
        let launcher =
            ProcessLauncher::new(config.work_dir.clone(), config.timing.stop_timeout).map_err(work_dir)?;
        Self::start_with(config, Arc::new(launcher)).await
    }

    /// Starts a simulator whose tasks are whatever `launcher` makes of them.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running then.
    pub async fn start_with(config: Config, launcher: Arc<dyn Launcher>) -> Result<Self, StartError> {
        if !config.listen.ip().is_loopback() {
            return Err(StartError::NotLocal(config.listen));
        }
        let listen = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;

        let stored = Self::load(&config)?;
        let arns = stored.world.arns.clone();
        let (effects_in, mut effects) = unbounded_channel();
        let (reports_in, reports) = unbounded_channel();
        let knobs = KnobsHandle::new(config.knobs);
        let core = Arc::new(Core::new(stored, knobs, config.timing.clone(), system_now(), effects_in));
        let shared = Arc::new(Shared {
            core: Arc::clone(&core),
            launcher,
            state_file: StateFile::new(config.state_file),
            tick: config.timing.tick,
        });
        let stop = CancellationToken::new();
        let mut parts = Vec::new();
        let announcements = config.events.map(|target| Self::deliver(target, arns, &core, &mut parts));
        let driver = Driver {
            shared: Arc::clone(&shared),
            fronts: Fronts::new(Arc::clone(&core), stop.clone())?,
            reports: Reports::new(reports_in),
            announcements,
        };
        let guard = stop.clone().drop_guard();
        core.change(|world, step| {
            world.recover(step);
            seed::apply(world, step, &config.seed)
        })
        .map_err(|(service, source)| StartError::Seed { service, source })?;
        Self::carry_out_first(&driver, &mut effects).await?;
        shared.state_file.save(&core).await;

        parts.push(tokio::spawn(driver.run(effects, reports, stop.clone())));
        parts.push(tokio::spawn(Self::keep_saving(Arc::clone(&shared), stop.clone())));
        let router = http::router(Arc::clone(&shared));
        let until = stop.clone();
        parts.push(tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(until.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "the ECS simulator's API stopped serving");
            }
        }));
        guard.disarm();
        Ok(Self { shared, address, stop_timeout: config.timing.stop_timeout, stop, parts })
    }

    fn load(config: &Config) -> Result<Stored, StartError> {
        let stored = match &config.state_file {
            Some(path) => Stored::load(path)?,
            None => None,
        };
        Ok(stored.unwrap_or_else(|| {
            let arns = Arns { region: config.region.clone(), account_id: config.account_id.clone() };
            Stored::fresh(World::new(arns, rand::random()))
        }))
    }

    fn deliver(
        target: SqsTarget,
        arns: Arns,
        core: &Arc<Core>,
        parts: &mut Vec<JoinHandle<()>>,
    ) -> tokio::sync::mpsc::UnboundedSender<crate::model::DeploymentStateChange> {
        let (announcements, changes) = unbounded_channel();
        parts.push(tokio::spawn(events::deliver(target, arns, core.knobs.clone(), changes)));
        announcements
    }

    /// Front ports are open before the first caller asks for them; one that cannot be is an error here.
    async fn carry_out_first(
        driver: &Driver,
        effects: &mut UnboundedReceiver<Effect>,
    ) -> Result<(), StartError> {
        let mut later = Vec::new();
        while let Ok(effect) = effects.try_recv() {
            match effect {
                Effect::OpenFront { service, port } => Self::open_first(driver, service, port).await?,
                other => later.push(other),
            }
        }
        for effect in later {
            driver.carry_out(effect).await;
        }
        Ok(())
    }

    async fn open_first(driver: &Driver, service: String, port: u16) -> Result<(), StartError> {
        let Err(source) = driver.open_front(&service, port).await else { return Ok(()) };
        let wanted =
            driver.shared.core.current().services.get(&service).map_or(port, |s| s.wanted_front_port);
        if wanted != 0 {
            return Err(StartError::Front { service, port, source });
        }
        // Any port would do; the one it had before is taken by now.
        tracing::warn!(ecs.service = service, port, error = %source, "the service gets another front port");
        driver.open_front(&service, 0).await.map_err(|source| StartError::Front { service, port: 0, source })
    }

    async fn keep_saving(shared: Arc<Shared>, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(SAVE_EVERY)).await.is_some() {
            shared.state_file.save(&shared.core).await;
        }
    }

    /// The API's URL.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The switches.
    pub fn knobs(&self) -> KnobsHandle {
        self.shared.core.knobs.clone()
    }

    /// The stable URL in front of a service's tasks.
    pub fn front_url(&self, cluster: &str, service: &str) -> Option<String> {
        let world = self.shared.core.current();
        let port = world.service(cluster, service).ok()?.front_port?;
        Some(http::front_url(port))
    }

    /// Every call that changes something, oldest first.
    pub fn log(&self) -> Vec<LoggedCall> {
        self.shared.core.log().as_ref().clone()
    }

    /// Looks at the whole simulated account as it is now.
    pub fn inspect<T>(&self, look: impl FnOnce(&World, Step<'_>) -> T) -> T {
        let knobs = self.shared.core.knobs.get();
        let timing = self.shared.core.timing();
        look(&self.shared.core.current(), Step { now: self.shared.core.now(), timing, knobs: &knobs })
    }

    /// Stops the API, then all tasks: SIGTERM, SIGKILL after the stop timeout. Stores the state.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        let tasks: Vec<String> = self.shared.core.current().tasks.keys().cloned().collect();
        tasks.iter().for_each(|task| self.shared.launcher.stop(task));
        let all_stopped = async {
            while self.shared.launcher.running() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        if tokio::time::timeout(self.stop_timeout + SHUTDOWN_MARGIN, all_stopped).await.is_err() {
            self.shared.launcher.kill_all();
        }
        for part in std::mem::take(&mut self.parts) {
            let abort = part.abort_handle();
            if tokio::time::timeout(SHUTDOWN_MARGIN, part).await.is_err() {
                abort.abort();
            }
        }
        self.shared.state_file.save(&self.shared.core).await;
    }
}

impl Drop for EcsSim {
    fn drop(&mut self) {
        self.stop.cancel();
        self.shared.launcher.kill_all();
    }
}
