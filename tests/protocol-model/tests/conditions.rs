//! Each condition of the protocol taken out: the model must find what it is there for, as a violation of a
//! named invariant. Must never accept another invariant than the one that the condition protects.

use invariants::safety;
use protocol_model::{Bounds, Condition, Faults, Protocol, State, check, find};
use stateright::Model;

const ONE_HOLDER: &str = "one lock holder per environment";
const TWICE: &str = "no effect twice";
const SETTLED: &str = "every accepted request ends";

fn bounds(requests: &[u8], faults: Faults) -> Bounds {
    Bounds { requests: requests.to_vec(), ..Bounds::two_three_three(faults) }
}

/// Nothing goes wrong.
const NONE: Faults = Faults {
    crashes: 0,
    pauses: 0,
    duplicates: 0,
    losses: 0,
    timeouts: 0,
    throttles: 0,
    cancels: 0,
    failures: 0,
    scans: 0,
};

#[test]
fn the_model_is_asked_for_every_shared_invariant() {
    let properties = Protocol::new(bounds(&[0], NONE)).properties();
    for invariant in safety::<State>() {
        assert!(properties.iter().any(|property| property.name == invariant.name), "{}", invariant.name);
    }
}

/// Without the condition the invariant is violated, and with it nothing is within the same bounds.
fn needed(condition: Condition, invariant: &'static str, bounds: Bounds) {
    let report = find(Protocol::without(condition, bounds.clone()), invariant);
    let found = report.violated.iter().any(|(violated, _)| *violated == invariant);
    assert!(found, "{condition:?} is not missed: {report}");
    let whole = check(Protocol::new(bounds));
    assert!(whole.violated.is_empty(), "{whole}");
}

#[test]
fn an_item_is_put_only_if_it_is_absent() {
    let faults = Faults { duplicates: 1, ..NONE };
    needed(Condition::PutIfAbsent, "history is gapless and ends once", bounds(&[0], faults));
}

#[test]
fn the_lock_is_taken_only_if_it_is_free() {
    needed(Condition::LockFree, ONE_HOLDER, bounds(&[0, 0], NONE));
}

#[test]
fn the_lock_is_taken_only_under_the_token_that_was_read() {
    needed(Condition::TokenAsRead, "fencing tokens only rise", bounds(&[0, 0], NONE));
}

#[test]
fn a_request_is_rejected_only_while_the_lock_is_held() {
    needed(Condition::RejectUnderLock, "only a holder turns a request away", bounds(&[0, 0], NONE));
}

#[test]
fn the_lock_is_released_with_the_end() {
    needed(Condition::ReleaseWithEnd, ONE_HOLDER, bounds(&[0], NONE));
}

#[test]
fn an_action_is_claimed_first() {
    needed(Condition::ClaimBeforeAction, TWICE, bounds(&[0], Faults { duplicates: 1, ..NONE }));
}

#[test]
fn a_call_is_sent_only_within_the_claim() {
    let faults = Faults { duplicates: 1, pauses: 1, ..NONE };
    needed(Condition::Permit, TWICE, bounds(&[0], faults));
}

#[test]
fn a_takeover_waits_for_a_lease() {
    let faults = Faults { duplicates: 1, ..NONE };
    needed(Condition::TakeoverAfterLease, TWICE, bounds(&[0], faults));
}

#[test]
fn a_takeover_is_of_the_item_that_was_seen() {
    let faults = Faults { crashes: 1, duplicates: 1, ..NONE };
    needed(Condition::TakeoverNamesItem, TWICE, bounds(&[0], faults));
}

#[test]
fn a_takeover_is_of_the_claim_that_was_seen() {
    let faults = Faults { crashes: 1, pauses: 1, timeouts: 1, ..NONE };
    needed(Condition::TakeoverNamesClaim, TWICE, bounds(&[0], faults));
}

#[test]
fn what_may_have_happened_is_looked_for() {
    needed(Condition::Adoption, TWICE, bounds(&[0], Faults { crashes: 1, ..NONE }));
}

#[test]
fn a_call_without_an_answer_keeps_the_claim() {
    needed(Condition::AmbiguousKeepsClaim, TWICE, bounds(&[0], Faults { timeouts: 1, ..NONE }));
}

#[test]
fn a_deployment_ends_when_nothing_is_under_way_any_more() {
    let faults = Faults { timeouts: 1, failures: 1, ..NONE };
    needed(Condition::EndSettles, "no effect after the end", bounds(&[0], faults));
}

#[test]
fn a_message_is_deleted_last() {
    needed(Condition::DeleteLast, SETTLED, bounds(&[0], Faults { crashes: 1, ..NONE }));
}

#[test]
fn the_next_wake_up_is_sent_before_the_commit() {
    // A reconciler would repair what is lost without this.
    let bounds = Bounds { reconciler: false, ..bounds(&[0], Faults { crashes: 1, ..NONE }) };
    needed(Condition::WakeBeforeCommit, SETTLED, bounds);
}

#[test]
fn what_is_promoted_was_healthy_in_staging() {
    needed(Condition::SourceChecked, "what runs in production was healthy in staging", bounds(&[0, 1], NONE));
}

#[test]
fn a_lost_wake_up_needs_the_reconciler() {
    let with = bounds(&[0], Faults { losses: 1, ..NONE });
    let report = check(Protocol::new(Bounds { reconciler: false, ..with.clone() }));
    assert_eq!(report.violated.first().map(|(name, _)| *name), Some(SETTLED), "{report}");
    let report = check(Protocol::new(with).with_fair_schedule());
    assert!(report.violated.is_empty(), "{report}");
}

/// Two conditions are not needed for any invariant. That the closing transaction looks at the lock is a second
/// line behind the history's numbers, for a lock that somebody removed by hand. That stale wake-ups are
/// dropped saves work: each of them would be a look, and looks at one number are copied with every fault.
#[test]
fn what_is_not_needed_for_safety_is_known() {
    let faults = Faults { crashes: 1, pauses: 1, duplicates: 1, ..NONE };
    for condition in [Condition::CloseUnderLock, Condition::WakeNumbers] {
        let report = check(Protocol::without(condition, bounds(&[0, 0], faults)).with_fair_schedule());
        assert!(report.violated.is_empty(), "{condition:?} is needed after all: {report}");
    }
}
