//! `sample-app serve` and `sample-app database`: the environment and the command line of the two roles.
//!
//! It must never listen on anything but 127.0.0.1.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;

use sample_app::release::ReleaseFile;
use sample_app::{database, serve, stop};
use tokio::net::TcpListener;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: PORT=<port> sample-app serve | PORT=<port> sample-app database";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let role = std::env::args().nth(1);
    let outcome = match role.as_deref() {
        Some("serve") => serve().await,
        Some("database") => database().await,
        _ => return usage(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Failure> {
    let program = std::env::current_exe()?;
    let folder = program.parent().ok_or("the program's own folder is unknown")?;
    let settings = serve::Settings {
        release: ReleaseFile::read(folder)?,
        database_url: std::env::var("DATABASE_URL").ok(),
        database_patience: serve::DATABASE_PATIENCE,
    };
    let stop = stop::requested()?;
    Ok(serve::run(settings, listen().await?, stop).await?)
}

async fn database() -> Result<(), Failure> {
    let router = database::router(&std::env::current_dir()?)?;
    let stop = stop::requested()?;
    axum::serve(listen().await?, router).with_graceful_shutdown(stop).await?;
    Ok(())
}

async fn listen() -> Result<TcpListener, Failure> {
    let port = std::env::var("PORT").map_err(|_| format!("PORT is not set; {USAGE}"))?;
    let port: u16 = port.parse().map_err(|_| format!("PORT is `{port}`, expected a port number; {USAGE}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("listening on 127.0.0.1:{port} failed: {error}"))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    Ok(listener)
}

/// The error and its causes on one line of standard error, where ECS's logs and a person look first.
fn report(error: &(dyn std::error::Error + 'static)) {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    // Nothing is left to be done if standard error is gone.
    let _ = writeln!(std::io::stderr(), "sample-app: {line}");
}

fn usage() -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{USAGE}");
    ExitCode::from(2)
}
