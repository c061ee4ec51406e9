//! Every flow, in parts that a test runner spreads over the cores. Each part is the suite's own program; the
//! numbers that it counts are left in `target/proof/crashes.txt`. Must never leave out a flow that the program has.

#![expect(clippy::unwrap_used, reason = "a test: what cannot go on fails with its reason")]

use std::path::Path;
use std::process::{Command, Output};

fn suite(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crashes")).args(arguments).output().unwrap()
}

/// Fails unless every point of this part of a flow passes.
fn passes(flow: &str, shard: &str) {
    let proof = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("proof");
    let proof = proof.to_str().unwrap();
    let done = suite(&["--flow", flow, "--shard", shard, "--proof", proof]);
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
}

macro_rules! flows {
    ($($test:ident: $flow:literal [$($part:ident $shard:literal)*],)*) => {
        $(mod $test {
            $(#[test]
            fn $part() {
                super::passes($flow, $shard);
            })*
        })*

        #[test]
        fn every_flow_is_tested() {
            assert_eq!(listed(), [$($flow),*]);
        }
    };
}

/// The flows that the program has.
fn listed() -> Vec<String> {
    String::from_utf8(suite(&["--list"]).stdout).unwrap().lines().map(str::to_owned).collect()
}

flows! {
    first_staging: "first-staging" [a "1/3" b "2/3" c "3/3"],
    staging_with_baseline: "staging-with-baseline" [a "1/4" b "2/4" c "3/4" d "4/4"],
    promotion: "promotion" [a "1/2" b "2/2"],
    breaker_rollback: "breaker-rollback" [a "1/3" b "2/3" c "3/3"],
    readiness_rollback: "readiness-rollback" [a "1/6" b "2/6" c "3/6" d "4/6" e "5/6" f "6/6"],
    promotion_again: "promotion-again" [all "1/1"],
    promotion_of_an_earlier_beta: "promotion-of-an-earlier-beta" [a "1/2" b "2/2"],
    cancel_in_locked: "cancel-in-locked" [all "1/1"],
    cancel_while_building: "cancel-while-building" [all "1/1"],
    cancel_in_built: "cancel-in-built" [a "1/2" b "2/2"],
    cancel_in_retagged: "cancel-in-retagged" [a "1/2" b "2/2"],
    cancel_while_draining: "cancel-while-draining" [a "1/4" b "2/4" c "3/4" d "4/4"],
    cancel_before_update: "cancel-before-update" [a "1/3" b "2/3" c "3/3"],
    cancel_in_rollout: "cancel-in-rollout" [a "1/3" b "2/3" c "3/3"],
    cancel_in_checks: "cancel-in-checks" [a "1/3" b "2/3" c "3/3"],
    cancel_while_rolling_back: "cancel-while-rolling-back" [a "1/3" b "2/3" c "3/3"],
    cancel_too_late: "cancel-too-late" [a "1/2" b "2/2"],
}
