//! Runs as many seeds as one likes, replays one with all its lines, or shows that a condition's absence is found.

use std::process::ExitCode;

use clap::Parser;
use simulation::{Campaign, Sabotage, run};

/// So many failing seeds are explained at length.
const EXPLAINED: usize = 3;

/// The worker under one seed, many times over.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// On how many threads; without it, on all cores.
    #[arg(long)]
    jobs: Option<usize>,
    /// Take a condition out.
    #[arg(long)]
    sabotage: Option<Sabotage>,
    /// Go on after a failing seed.
    #[arg(long)]
    keep_going: bool,
    /// Print every line of the first seed and run no other.
    #[arg(long)]
    trace: bool,
}

#[expect(clippy::print_stdout, reason = "what it prints is what it is for")]
fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = if arguments.trace {
        run(arguments.from, arguments.sabotage, true).map(|report| {
            println!("{}", report.explain());
            report.violation.is_none()
        })
    } else {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let campaign = Campaign {
            from: arguments.from,
            seeds: arguments.seeds,
            jobs: arguments.jobs.unwrap_or(cores),
            sabotage: arguments.sabotage,
            keep_going: arguments.keep_going,
        };
        campaign.run().map(|summary| {
            let (shown, rest) = summary.failed.split_at(summary.failed.len().min(EXPLAINED));
            shown.iter().for_each(|report| println!("{}", report.explain()));
            for report in rest {
                let violation = report.violation.as_ref().map(ToString::to_string).unwrap_or_default();
                println!("seed {}: {violation}", report.seed);
            }
            println!("{summary}");
            summary.failed.is_empty()
        })
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            println!("{problem}");
            ExitCode::FAILURE
        }
    }
}
