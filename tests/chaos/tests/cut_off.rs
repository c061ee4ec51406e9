//! Four real workers with a fault-injecting proxy in front of each service: in the end every request and every
//! effect is accounted for.

use std::sync::Arc;

use chaos::{Faults, Plan, Town, disturbed_for, run, seed};
use conformance::{isolated, proof};

/// Of everything that is left to chance here, unless another is given.
const SEED: u64 = 20_261_124;

#[test]
fn workers_cut_off_at_random_lose_nothing_and_do_nothing_twice() {
    isolated("workers_cut_off_at_random_lose_nothing_and_do_nothing_twice", async || {
        let town = Arc::new(Town::start(env!("CARGO_TARGET_TMPDIR"), "chaos-cut-off").await);
        let seed = seed(SEED);
        let faults = Faults::rough(seed);
        let kills = false;
        let plan = Plan { seed, disturbed: disturbed_for(80), kills, faults: Arc::clone(&faults) };
        let summary = run(Arc::clone(&town), plan).await.summary;
        assert_eq!(faults.services(), 5, "each service met faults: {summary}");
        proof(env!("CARGO_TARGET_TMPDIR"), "chaos-cut-off", &summary);
        if let Ok(town) = Arc::try_unwrap(town) {
            town.stop().await;
        }
    });
}
