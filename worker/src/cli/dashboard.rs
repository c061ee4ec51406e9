//! `dashboard`: serves the page until SIGTERM or SIGINT. Reads the table and nothing else; must never change anything.

use std::net::SocketAddr;
use std::sync::Arc;

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::DashboardArgs;
use super::error::CliError;
use super::output::Output;
use super::{Exit, worker};
use crate::adapters::clock::SystemClock;
use crate::config::Config;
use crate::dashboard::{self, Dashboard};
use crate::wiring;

/// Where it listens, in JSON.
#[derive(Serialize)]
#[serde(tag = "type", rename = "dashboard")]
struct Listening {
    address: SocketAddr,
    url: String,
}

/// `dashboard`.
pub(super) async fn dashboard(
    config: &Config,
    args: DashboardArgs,
    variable: impl Fn(&str) -> Option<String>,
    output: &mut Output,
) -> Result<Exit, CliError> {
    worker::set_up_log(output.is_json(), variable)?;
    let (store, _) = wiring::table_and_queue(config).await;
    let clock = Arc::new(SystemClock::new());
    let dashboard = Dashboard::new(config, store, clock, args.hosts)
        .map_err(|problem| CliError::Usage(problem.to_string()))?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|problem| CliError::Usage(format!("cannot listen on {}: {problem}", args.listen)))?;
    let address = listener.local_addr()?;
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listening = Listening { address, url: format!("http://{address}/") };
    output.show(&listening, || vec![format!("the page is at {}", listening.url)])?;
    if !address.ip().is_loopback() {
        output.note("whoever reaches this address can read the page: it asks nobody who they are");
    }
    let serving = dashboard::serve(dashboard, listener, shutdown.clone());
    let stopping = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = shutdown.cancelled() => {}
        }
        shutdown.cancel();
    };
    let (served, ()) = tokio::join!(serving, stopping);
    served?;
    Ok(Exit::Done)
}
