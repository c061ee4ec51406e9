//! The command line: arguments in, one command run, an exit code out. A command asks for deployments and
//! shows what the table says of them; it must never decide or do what is a worker's. `worker` is one, and
//! `unlock` acts as one, through the engine alone; `hold` and `release` change the table, the same way.

mod annotate;
mod args;
mod cancel;
mod dashboard;
mod dead_letter;
mod dlq;
mod doctor;
mod error;
mod exit;
mod export;
mod follow;
mod history;
mod hold;
mod init;
mod interrupts;
mod live;
mod mermaid;
mod output;
mod overview;
mod paint;
mod place;
mod plan;
mod reference;
mod release;
mod releases;
mod report;
mod request;
mod requester;
mod standing;
mod status;
mod table;
mod transition;
mod unlock;
mod until;
mod verdict;
mod wait;
mod withdraw;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use crate::config::Config;
use args::{Cli, Command, DlqCommand};
use error::CliError;
pub use exit::Exit;
use output::Output;
pub use reference::reference;

/// Runs one command. The first of `arguments` is the program's name.
pub async fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    execute(arguments).await.into()
}

/// As [`run`], for a caller in the same process.
pub async fn execute(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(problem) => return output::explain(&problem),
    };
    let mut output = Output::new(cli.json, variable);
    let done = match &cli.command {
        // These are about the command line alone: no configuration is needed.
        Command::Completions { shell } => output.raw(&reference::completions(*shell)),
        Command::Man { out: Some(directory) } => reference::manuals(directory).map(|()| Exit::Done),
        Command::Man { out: None } => reference::manual().and_then(|page| output.raw(&page)),
        _ => return conclude(dispatch(cli, &mut output).await, &output),
    };
    conclude(done.map_err(CliError::from), &output)
}

fn conclude(done: Result<Exit, CliError>, output: &Output) -> Exit {
    match done {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error.to_string());
            error.exit()
        }
    }
}

async fn dispatch(cli: Cli, output: &mut Output) -> Result<Exit, CliError> {
    // A variable that is not Unicode names no key of ours.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let config = Config::load(&cli.config, variables)
        .map_err(|source| CliError::Config { path: cli.config.clone(), source })?;
    let application = cli.application.as_ref();
    match cli.command {
        Command::Worker => worker::run(&config, cli.json, variable).await,
        Command::Deploy(args) => request::deploy(&config, application, args, output).await,
        Command::Promote(args) if args.list => {
            releases::list(&config, application, &args.environment, output).await
        }
        Command::Promote(args) => request::promote(&config, application, args, output).await,
        Command::Plan(command) => plan::plan(&config, application, command, output).await,
        Command::Status { environment } => {
            status::status(&config, application, environment.as_ref(), output).await
        }
        Command::History { id, mermaid } => history::history(&config, id, mermaid, output).await,
        Command::Watch { id, wait_timeout } => wait::watch(&config, id, wait_timeout, output).await,
        Command::Export(args) => export::export(&config, application, args, output).await,
        Command::Cancel(args) => cancel::cancel(&config, args, output).await,
        Command::Unlock(args) => unlock::unlock(&config, application, args, output).await,
        Command::Hold(args) => hold::hold(&config, application, args, output).await,
        Command::Release(args) => release::release(&config, application, args, output).await,
        Command::Dlq(DlqCommand::List) => dlq::list(&config, output).await,
        Command::Dlq(DlqCommand::Redrive(args)) => dlq::redrive(&config, &args, output).await,
        Command::Doctor { environments } => {
            doctor::doctor(&config, application, &environments, variable, output).await
        }
        Command::Dashboard(args) => dashboard::dashboard(&config, args, variable, output).await,
        Command::Init => init::init(&config, output).await,
        Command::Completions { .. } | Command::Man { .. } => Ok(Exit::Done),
    }
}

/// An environment variable; an empty one counts as not set, as in a shell's `${NAME:-}`.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
