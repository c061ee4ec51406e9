//! Many seeds: none breaks an invariant. `LOCKSTEP_SEEDS` and `LOCKSTEP_SEED` (the first one) choose others; a
//! million are run by the package's command. Writes what was really tried to `proof/simulation.txt`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

use std::path::Path;

use simulation::{Campaign, Summary};

/// What CI runs.
const SEEDS: u64 = 10_000;

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().expect("a number of seeds"),
        Err(_) => otherwise,
    }
}

#[test]
fn no_seed_breaks_an_invariant() {
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let replayed = std::env::var("LOCKSTEP_SEED").is_ok();
    let seeds = number("LOCKSTEP_SEEDS", if replayed { 1 } else { SEEDS });
    let from = number("LOCKSTEP_SEED", 0);
    let begun = std::time::Instant::now();
    let summary = Campaign { from, seeds, jobs, sabotage: None, keep_going: false }.run().unwrap();
    report(&summary, begun.elapsed());
    let failed: String = summary.failed.iter().map(simulation::Report::explain).collect();
    assert!(summary.failed.is_empty(), "{failed}");
    assert_eq!(summary.seeds, seeds);
    if seeds >= 1000 {
        was_really_tried(&summary);
    }
}

/// A campaign that met no trouble, or saw no end of some kind, has shown nothing.
fn was_really_tried(summary: &Summary) {
    let kinds = [
        "healthy",
        "rolled back",
        "failed",
        "cancelled",
        "rejected",
        "crashes",
        "pauses",
        "throttles",
        "server errors",
        "answers lost",
        "late arrivals",
        "silences",
        "contentions",
        "connections broken",
        "messages lost",
        "messages late or doubled",
        "redeliveries",
        "dead letters",
        "purges",
        "outages",
        "foreign changes",
        "breakers tripped",
        "unlocks",
    ];
    for kind in kinds {
        assert!(summary.counts.of(kind) > 0, "no {kind} in {summary}");
    }
}

#[expect(clippy::print_stdout, reason = "the numbers are pasted into docs/testing.md")]
fn report(summary: &Summary, took: std::time::Duration) {
    let text = format!("simulation: {summary}, real seconds {}", took.as_secs());
    println!("{text}");
    let proof = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("proof");
    std::fs::create_dir_all(&proof).unwrap();
    std::fs::write(proof.join("simulation.txt"), text + "\n").unwrap();
}
