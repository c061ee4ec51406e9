//! The program `sandbox`: starts everything that Lockstep talks to and a worker, in this one process, runs a
//! staging deployment and promotes it, says how to look at the table, and stays up for more.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use lockstep::config::Config;
use lockstep::dashboard::{self, Dashboard};
use sandbox::{Options, Sandbox, SandboxError, environment, tour};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Lockstep with everything it talks to, on 127.0.0.1: no account, no Docker, no other program.
#[derive(Parser)]
struct Arguments {
    /// Where the state is kept; a sandbox that is started again goes on where it was.
    #[arg(long, default_value = "target/sandbox")]
    folder: PathBuf,
    /// End after the tour, with its verdict as exit code, instead of staying up.
    #[arg(long)]
    once: bool,
    /// Start and stay up without the tour.
    #[arg(long, conflicts_with = "once")]
    quiet: bool,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    // The SDK and the worker read credentials from the environment, and a process cannot change its own
    // safely once it runs: so this program starts itself again with the made-up ones.
    if std::env::var("LOCKSTEP_GITHUB_CREDENTIAL").as_deref() != Ok(environment::GITHUB_TOKEN) {
        let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
        let mut again = std::process::Command::new(program);
        again.args(std::env::args_os().skip(1)).envs(environment::VARIABLES).env_remove("AWS_PROFILE");
        return report(&again.exec());
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&error),
    };
    match runtime.block_on(run(Arguments::parse())) {
        Ok(code) => code,
        Err(error) => report(error.as_ref()),
    }
}

fn report(error: &dyn std::error::Error) -> ExitCode {
    tour::say(&format!("error: {error}"));
    ExitCode::FAILURE
}

async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let log = arguments.folder.join("sandbox.log");
    std::fs::create_dir_all(&arguments.folder).map_err(|e| folder(&arguments.folder, &e))?;
    let file = std::fs::File::options().create(true).append(true).open(&log);
    let file = file.map_err(|e| folder(&log, &e))?;
    let filter = "info,dynoxide=error,octocrab=warn,aws_config=warn";
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Arc::new(file)).init();

    tour::say(&format!("starting the sandbox in {} (log: {})", arguments.folder.display(), log.display()));
    let sandbox = Sandbox::start(&arguments.folder, Options::default()).await?;
    let path = sandbox.config();
    let config = Config::load(&path, std::env::vars())?;
    lockstep::wiring::init(&config).await?;
    let world = Arc::new(lockstep::wiring::world(&config).await?);
    let stop = CancellationToken::new();
    let dashboard = Dashboard::new(&config, world.store.clone(), world.clock.clone(), Vec::new())?;
    let worker = tokio::spawn(lockstep::service::run(world, stop.clone()));

    let command = |words: &[&str]| {
        let mut all: Vec<OsString> = vec!["lockstep".into(), "--config".into(), path.clone().into()];
        all.extend(words.iter().map(OsString::from));
        lockstep::cli::execute(all)
    };
    let exit = if arguments.quiet { lockstep::cli::Exit::Done } else { tour::run(&sandbox, command).await? };
    if !arguments.once {
        tour::how_to_go_on(&sandbox);
        serve_page(dashboard, stop.clone()).await?;
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminated.recv() => {}
        }
        tour::say("stopping");
    }
    stop.cancel();
    worker.await??;
    sandbox.shutdown().await;
    Ok(exit.into())
}

/// The page, at its usual port if that is free.
async fn serve_page(dashboard: Dashboard, stop: CancellationToken) -> Result<(), Failure> {
    let listener = match TcpListener::bind("127.0.0.1:8700").await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await?,
    };
    tour::say(&format!("\nThe page of all this is at http://{}/", listener.local_addr()?));
    tokio::spawn(dashboard::serve(dashboard, listener, stop));
    Ok(())
}

fn folder(path: &std::path::Path, error: &std::io::Error) -> SandboxError {
    SandboxError::Folder { path: path.to_owned(), problem: error.to_string() }
}
