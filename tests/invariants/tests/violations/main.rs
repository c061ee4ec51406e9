//! Each invariant, and the smallest observation that violates it; and one that violates none. Must never test
//! an invariant by a copy of its own condition: the observations are written out.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

mod effects;
mod histories;
mod locks;
mod picture;
mod releases;
mod settled;

use invariants::{Observed, Violation, check_all, safety};
use picture::Picture;

/// The name of the invariant that the picture violates.
fn violated(check: fn(&Picture) -> Result<(), Violation>, picture: &Picture) -> &'static str {
    let violation = check(picture).unwrap_err();
    assert!(!violation.text.is_empty());
    violation.name
}

#[test]
fn an_ordinary_moment_violates_nothing() {
    let picture = Picture::ordinary();
    assert!(picture.deployments().count() > 2);
    check_all(&picture).unwrap();
}

#[test]
fn all_invariants_have_names_of_their_own() {
    let names: std::collections::BTreeSet<_> = safety::<Picture>().map(|i| i.name).into_iter().collect();
    assert_eq!(names.len(), safety::<Picture>().len());
}

#[test]
fn a_violation_is_reported_under_the_name_of_its_invariant() {
    let pictures = [
        locks::forgotten(),
        locks::repeated_token(),
        locks::misled(),
        histories::gap(),
        histories::early_record(),
        effects::doubled(),
        effects::late(),
        releases::unproven(),
    ];
    for (invariant, picture) in safety::<Picture>().iter().zip(pictures) {
        assert_eq!((invariant.check)(&picture).unwrap_err().name, invariant.name);
        assert!(check_all(&picture).is_err(), "{}", invariant.name);
    }
}
