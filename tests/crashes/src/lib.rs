//! The exhaustive crash suite: every flow is done once undisturbed while each external call is recorded, and
//! then once more for each call and each side of it, with the worker killed just before, killed just after, or
//! the answer lost. Whatever dies, the verdict is the same and every result is there once.
//!
//! Real adapters over real HTTP; virtual time. Must never let a call reach a service without recording it.
//!
//! The same town and recorder also count what a deployment costs ([`count_costs`]): requests as they leave the worker.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test program: what cannot go on fails the suite with its reason"
)]

mod arguments;
mod bases;
mod costs;
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

use clap::Parser as _;

use arguments::Arguments;

/// The program `crashes`.
#[must_use]
pub fn crash_everywhere() -> ExitCode {
    let arguments = Arguments::parse();
    staged(async move { suite::run(&arguments).await })
}

/// The program `costs`: prints what each of a few deployments costs in requests, as JSON, one line each.
#[must_use]
pub fn count_costs() -> ExitCode {
    staged(costs::run())
}

/// Does the work in a process whose environment is the suite's.
fn staged(work: impl Future<Output = bool>) -> ExitCode {
    if !environment::is_staged() {
        return environment::run_staged().expect("this program can be started once more");
    }
    // One thread: nothing but the order of calls decides what happens when.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let passed = runtime.expect("a runtime").block_on(work);
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
