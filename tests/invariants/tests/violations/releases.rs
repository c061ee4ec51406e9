//! What must not run in production.

use invariants::staging_before_production;

use super::picture::Picture;
use super::violated;

/// Production runs what nobody saw healthy.
pub(crate) fn unproven() -> Picture {
    let mut picture = Picture::ordinary();
    picture.in_production.push("bbb");
    picture
}

#[test]
fn production_runs_what_was_healthy_in_staging() {
    assert_eq!(
        violated(staging_before_production, &unproven()),
        "what runs in production was healthy in staging"
    );
}
