//! Locks and tokens that must not be.

use invariants::{Lock, Opening, one_holder, rising_tokens, turned_away_by_a_holder};

use super::picture::{Picture, items};
use super::violated;

const HOLDER: &str = "one lock holder per environment";
const TOKENS: &str = "fencing tokens only rise";

fn staging(lock: Lock<u8>) -> Picture {
    let mut picture = Picture::ordinary();
    picture.locks.insert("staging", lock);
    picture
}

/// A deployment is under way and its lock is free.
pub(crate) fn forgotten() -> Picture {
    staging(Lock { holder: None, token: 2 })
}

/// The second holder has the first one's token.
pub(crate) fn repeated_token() -> Picture {
    let mut picture = staging(Lock { holder: Some(3), token: 1 });
    picture.openings[1].1.token = 1;
    picture.deployment(3).token = Some(1);
    picture
}

/// Deployment 2 was rejected when the lock was free.
pub(crate) fn misled() -> Picture {
    Picture { misled: vec![2], ..Picture::ordinary() }
}

#[test]
fn a_request_is_turned_away_by_a_holder() {
    assert_eq!(violated(turned_away_by_a_holder, &misled()), "only a holder turns a request away");
}

#[test]
fn what_is_under_way_holds_its_lock() {
    assert_eq!(violated(one_holder, &forgotten()), HOLDER);
    let under_another_token = staging(Lock { holder: Some(3), token: 3 });
    assert_eq!(violated(one_holder, &under_another_token), HOLDER);
    let mut two_under_way = Picture::ordinary();
    two_under_way.deployment(2).items = items(1, false);
    assert_eq!(violated(one_holder, &two_under_way), HOLDER);
}

#[test]
fn a_lock_is_held_by_what_is_under_way() {
    let mut ended = Picture::ordinary();
    ended.deployment(3).items = items(3, true);
    assert_eq!(violated(one_holder, &ended), HOLDER);
    let mut unknown = ended.clone();
    unknown.locks.insert("staging", Lock { holder: Some(9), token: 2 });
    assert_eq!(violated(one_holder, &unknown), HOLDER);
    let mut elsewhere = Picture::ordinary();
    elsewhere.locks.insert("production", Lock { holder: Some(3), token: 2 });
    assert_eq!(violated(one_holder, &elsewhere), HOLDER);
}

#[test]
fn tokens_rise_and_the_item_carries_the_last() {
    assert_eq!(violated(rising_tokens, &repeated_token()), TOKENS);
    let mut raised_alone = Picture::ordinary();
    raised_alone.locks.insert("production", Lock { holder: None, token: 2 });
    assert_eq!(violated(rising_tokens, &raised_alone), TOKENS);
    let mut twice = Picture::ordinary();
    twice.openings.push(("production", Opening { deployment: 4, token: 2 }));
    twice.locks.insert("production", Lock { holder: None, token: 2 });
    assert_eq!(violated(rising_tokens, &twice), TOKENS);
}
