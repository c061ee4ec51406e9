//! The binary `lockstep`: hands the arguments to the command line in the library. Must never hold anything
//! of its own, so that tests and the sandbox drive exactly what users run.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    lockstep::cli::run(std::env::args_os()).await
}
