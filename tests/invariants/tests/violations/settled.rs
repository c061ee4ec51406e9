//! What must not be left over.

use std::collections::BTreeMap;

use invariants::{Lock, everything_settled};

use super::picture::{Picture, items};
use super::violated;

const SETTLED: &str = "every accepted request ends";

/// Everybody has ended.
fn settled() -> Picture {
    let mut picture = Picture::ordinary();
    picture.deployment(3).items = items(3, true);
    picture.locks = BTreeMap::from([
        ("staging", Lock { holder: None, token: 2 }),
        ("production", Lock { holder: None, token: 1 }),
    ]);
    picture
}

#[test]
fn every_request_ends_and_every_lock_is_free() {
    everything_settled(&settled()).unwrap();
    assert_eq!(violated(everything_settled, &Picture::ordinary()), SETTLED);
    let mut forgotten = settled();
    forgotten.accepted.push(5);
    assert_eq!(violated(everything_settled, &forgotten), SETTLED);
    let mut locked = settled();
    locked.locks.insert("production", Lock { holder: Some(4), token: 1 });
    assert_eq!(violated(everything_settled, &locked), SETTLED);
}
