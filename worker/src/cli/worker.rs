//! `worker`: sets up the log and the signals, then hands over to the service. Must never log a secret: what
//! is logged is chosen where it happens, and the environment is not.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::Exit;
use super::error::CliError;
use crate::config::Config;
use crate::operations::{self, Operations};
use crate::world::World;
use crate::{service, wiring};

/// `worker`: until SIGTERM or SIGINT. `variable` reads an environment variable.
pub(super) async fn run(
    config: &Config,
    json: bool,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Exit, CliError> {
    set_up_log(json, variable)?;
    warn_of_open_doors(config);
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    let (mut world, announcer) = wiring::worker(config).await?;
    let ended = CancellationToken::new();
    let answering = match config.worker.listen {
        None => None,
        Some(address) => Some(answer(address, &mut world, &shutdown, &ended).await?),
    };
    let announcing =
        announcer.map(|(announcer, nudges)| tokio::spawn(announcer.run(nudges, shutdown.clone())));
    let worked = service::run(Arc::new(world), shutdown.clone()).await;
    // A service that gave up stops the telling too.
    shutdown.cancel();
    if let Some(announcing) = announcing
        && let Err(problem) = announcing.await
    {
        tracing::error!(%problem, "who is to be told was not told to the end; another worker goes on");
    }
    ended.cancel();
    if let Some(answering) = answering
        && let Ok(Err(problem)) = answering.await
    {
        tracing::error!(%problem, "health and metrics could not be answered to the end");
    }
    worked?;
    Ok(Exit::Done)
}

/// Answers for this worker's health at an address, until `ended`.
async fn answer(
    address: SocketAddr,
    world: &mut World,
    stopping: &CancellationToken,
    ended: &CancellationToken,
) -> Result<JoinHandle<io::Result<()>>, CliError> {
    let listener = TcpListener::bind(address).await.map_err(|problem| {
        CliError::Usage(format!("worker.listen: cannot listen on {address}: {problem}"))
    })?;
    tracing::info!(address = %listener.local_addr()?, "answering /healthz, /readyz and /metrics");
    let operations = Operations::watch(world);
    Ok(tokio::spawn(operations::serve(operations, listener, stopping.clone(), ended.clone())))
}

/// The log, as arguments and variables ask for it.
pub(super) fn set_up_log(json: bool, variable: impl Fn(&str) -> Option<String>) -> Result<(), CliError> {
    let json = json || wants_json(variable("LOCKSTEP_LOG_FORMAT").as_deref())?;
    start_logging(filter(variable("LOCKSTEP_LOG").as_deref())?, json);
    Ok(())
}

/// Says where nothing but the queue's policy decides who may ask or wake.
fn warn_of_open_doors(config: &Config) {
    if config.queue.worker_senders.is_empty() {
        tracing::warn!("queue.worker_senders is not set: wake-ups are obeyed whoever sends them");
    }
    for (application, section) in &config.applications {
        let open = section.environments.iter().filter(|(_, environment)| environment.requests.is_none());
        for (environment, _) in open {
            tracing::warn!(%application, %environment, "requests is not set: whoever may send to the queue may ask for deployments");
        }
    }
}

fn wants_json(format: Option<&str>) -> Result<bool, CliError> {
    match format {
        None | Some("text") => Ok(false),
        Some("json") => Ok(true),
        Some(other) => {
            Err(CliError::Usage(format!("LOCKSTEP_LOG_FORMAT is {other:?}: expected text or json")))
        }
    }
}

fn filter(directives: Option<&str>) -> Result<EnvFilter, CliError> {
    let directives = directives.unwrap_or("info");
    EnvFilter::builder().parse(directives).map_err(|problem| {
        CliError::Usage(format!(
            "LOCKSTEP_LOG is {directives:?}: {problem}; expected such as info or lockstep=debug,warn"
        ))
    })
}

fn start_logging(filter: EnvFilter, json: bool) {
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    if started.is_err() {
        tracing::debug!("the program around this one has set up its own log");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_set_up_as_asked_or_not_at_all() {
        assert!(!wants_json(None).unwrap());
        assert!(wants_json(Some("json")).unwrap());
        assert_eq!(wants_json(Some("xml")).unwrap_err().exit(), Exit::Usage);
        assert_eq!(filter(None).unwrap().to_string(), "info");
        let error = filter(Some("lockstep=loud")).unwrap_err();
        assert!(error.to_string().contains("LOCKSTEP_LOG is"), "{error}");
    }
}
