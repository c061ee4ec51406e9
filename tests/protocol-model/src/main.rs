//! Checks the protocol within bounds that are given on the command line, for those who have more time than CI.

use clap::Parser;
use protocol_model::{Bounds, Condition, Faults, Protocol, check};

/// Explores every state of Lockstep's claim, lock and adoption protocol within these bounds.
#[derive(Parser)]
struct Arguments {
    /// How many messages can be handled at once.
    #[arg(long, default_value_t = 3)]
    workers: usize,
    /// The environment of each request: 0 is staging, 1 is production. At most four requests.
    #[arg(long, value_delimiter = ',', default_value = "0,0,1", value_parser = clap::value_parser!(u8).range(0..2))]
    requests: Vec<u8>,
    /// What may go wrong.
    #[command(flatten)]
    faults: Faults,
    /// No reconciler: lost wake-ups are not repaired.
    #[arg(long)]
    no_reconciler: bool,
    /// Ask of every state whether everything settles from there once faults stop.
    #[arg(long)]
    fair: bool,
    /// Do not make states one between which nobody can tell the difference.
    #[arg(long)]
    unmerged: bool,
    /// A condition to take out.
    #[arg(long)]
    without: Option<Condition>,
}

#[expect(clippy::print_stdout, reason = "the report is what this program is for")]
fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if arguments.requests.len() > 4 {
        println!("{} requests: expected at most 4", arguments.requests.len());
        return std::process::ExitCode::from(2);
    }
    let bounds = Bounds {
        workers: arguments.workers,
        requests: arguments.requests,
        faults: arguments.faults,
        reconciler: !arguments.no_reconciler,
    };
    let model =
        Protocol { bounds, removed: arguments.without, fair: arguments.fair, merged: !arguments.unmerged };
    println!("{model:?}");
    let report = check(model);
    for (_, steps) in &report.violated {
        println!("{steps}");
    }
    println!("{report}");
    std::process::ExitCode::from(u8::from(!report.violated.is_empty()))
}
