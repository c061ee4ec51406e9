//! What may run in production.

use crate::{Observed, Violation};

pub(crate) const STAGING_BEFORE_PRODUCTION: &str = "what runs in production was healthy in staging";

/// Every digest that a deployment put into production had been healthy in staging, or was let through by
/// somebody who gave a reason (protocol rule 15).
///
/// # Errors
/// A digest that nobody has seen healthy.
pub fn staging_before_production<O: Observed>(observed: &O) -> Result<(), Violation> {
    match observed.in_production().find(|(_, digest)| !observed.proven_or_waived(digest)) {
        None => Ok(()),
        Some((environment, digest)) => {
            let text = format!("{digest:?} was deployed to {environment:?} and was never healthy in staging");
            Err(Violation::new(STAGING_BEFORE_PRODUCTION, text))
        }
    }
}
