//! The exhaustive crash suite as a program; its library says what it does. Must never hold more than the call.

use std::process::ExitCode;

fn main() -> ExitCode {
    crashes::crash_everywhere()
}
