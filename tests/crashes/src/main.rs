//! The exhaustive crash suite: every flow is done once undisturbed while each external call is recorded, and
//! then once more for each call and each side of it, with the worker killed just before, killed just after, or
//! the answer lost. Whatever dies, the verdict is the same and every result is there once.
//!
//! Real adapters over real HTTP; virtual time. Must never let a call reach a service without recording it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test program: what cannot go on fails the suite with its reason"
)]

mod arguments;
mod bases;
mod environment;
mod flow;
mod outcome;
mod point;
mod recorder;
mod report;
mod run;
mod suite;
mod town;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !environment::is_staged() {
        return environment::run_staged().expect("this program can be started once more");
    }
    // One thread: nothing but the order of calls decides what happens when.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let passed = runtime.expect("a runtime").block_on(suite::run(&arguments));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
