//! Negative controls: without any one of the conditions that safety or progress rests on, some seed breaks the
//! invariant that the condition is there for. Which condition is broken by which seed is written to
//! `proof/simulation-controls.txt`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;

use simulation::{Campaign, Sabotage};

/// So many seeds find each.
const SEEDS: u64 = 400;

const TWICE: &str = "no effect twice";

/// What is broken without it.
fn expected(sabotage: Sabotage) -> &'static [&'static str] {
    match sabotage {
        Sabotage::ItemsOverwritten => &["history is gapless and ends once"],
        Sabotage::LockIgnored | Sabotage::LockKept => &["one lock holder per environment"],
        Sabotage::WatchStands
        | Sabotage::LagBeyondLease
        | Sabotage::DelaysIgnored
        | Sabotage::UpdatesForced => &[TWICE],
        Sabotage::CallsArriveLate => &[TWICE, "no effect after the end"],
        Sabotage::NobodyReconciles => &["every accepted request ends"],
    }
}

#[test]
fn without_a_condition_the_simulation_finds_what_goes_wrong() {
    let mut lines = String::new();
    for sabotage in Sabotage::ALL {
        let (seed, violation) = first(sabotage).unwrap_or_else(|| panic!("{sabotage:?} is not found"));
        lines += &format!("{sabotage:?}: {violation} breaks at seed {seed}\n");
    }
    println!("{lines}");
    let proof = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("proof");
    std::fs::create_dir_all(&proof).unwrap();
    std::fs::write(proof.join("simulation-controls.txt"), lines).unwrap();
}

/// The first seed that breaks what is expected, and what that is. Other invariants may break before it.
fn first(sabotage: Sabotage) -> Option<(u64, &'static str)> {
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let campaign = Campaign { from: 0, seeds: SEEDS, jobs, sabotage: Some(sabotage), keep_going: false };
    let mut from = 0;
    while from < SEEDS {
        let summary = Campaign { from, seeds: SEEDS - from, ..campaign }.run().unwrap();
        from += summary.seeds;
        let found =
            summary.failed.into_iter().filter_map(|report| Some((report.seed, report.violation?.name)));
        let wanted = found.into_iter().find(|(_, name)| expected(sabotage).contains(name));
        if wanted.is_some() {
            return wanted;
        }
    }
    None
}
