//! Effects that must not be.

use invariants::{no_effect_after_the_end, no_effect_twice};

use super::picture::Picture;
use super::violated;

const LATE: &str = "no effect after the end";

/// Deployment 1 was built twice.
pub(crate) fn doubled() -> Picture {
    let mut picture = Picture::ordinary();
    picture.traces[0].changes = 2;
    picture
}

/// Deployment 1's rollout arrived after its end.
pub(crate) fn late() -> Picture {
    let mut picture = Picture::ordinary();
    picture.traces[1].late = 1;
    picture
}

#[test]
fn an_effect_takes_place_once() {
    assert_eq!(violated(no_effect_twice, &doubled()), "no effect twice");
}

#[test]
fn an_effect_takes_place_while_its_deployment_is_under_way() {
    assert_eq!(violated(no_effect_after_the_end, &late()), LATE);
    for stranger in [2, 9] {
        let mut never_held = Picture::ordinary();
        never_held.traces[0].deployment = stranger;
        assert_eq!(violated(no_effect_after_the_end, &never_held), LATE);
    }
}

#[test]
fn a_late_call_that_changed_nothing_is_no_effect() {
    let mut converged = late();
    converged.traces[1].changes = 0;
    no_effect_after_the_end(&converged).unwrap();
}
