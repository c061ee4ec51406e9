//! Four real workers over AWS's own DynamoDB Local, killed and paused at random while requests arrive for twelve
//! environments: in the end every request and every effect is accounted for.

use std::sync::Arc;

use chaos::{Faults, Plan, Town, disturbed_for, run, seed};
use conformance::{isolated, proof};

/// Of everything that is left to chance here, unless another is given.
const SEED: u64 = 20_261_123;

#[test]
fn workers_killed_at_random_lose_nothing_and_do_nothing_twice() {
    isolated("workers_killed_at_random_lose_nothing_and_do_nothing_twice", async || {
        let town = Arc::new(Town::start(env!("CARGO_TARGET_TMPDIR"), "chaos-killed").await);
        let seed = seed(SEED);
        let faults = Faults::distant(seed);
        let kills = true;
        let plan = Plan { seed, disturbed: disturbed_for(160), kills, faults };
        let summary = run(Arc::clone(&town), plan).await.summary;
        proof(env!("CARGO_TARGET_TMPDIR"), "chaos-killed", &summary);
        if let Ok(town) = Arc::try_unwrap(town) {
            town.stop().await;
        }
    });
}
