//! Counts what a deployment costs in requests; `costs` in the library says how. Must never hold more than the call.

use std::process::ExitCode;

fn main() -> ExitCode {
    crashes::count_costs()
}
