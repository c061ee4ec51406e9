//! What must hold once faults have stopped and nothing moves any more.

use crate::{Observed, Violation};

pub(crate) const EVERYTHING_SETTLED: &str = "every accepted request ends";

/// Every accepted request has ended, as rejected or otherwise, and every lock is free: nothing was forgotten,
/// and no environment is locked for ever.
///
/// # Errors
/// A request that has not ended, or a lock that is held.
pub fn everything_settled<O: Observed>(observed: &O) -> Result<(), Violation> {
    if let Some(deployment) = observed.accepted().find(|deployment| !observed.is_terminal(deployment)) {
        let items = observed.history(&deployment).count();
        let text = format!(
            "{deployment:?} was accepted, nothing moves any more, and it has not ended ({items} history items)"
        );
        return Err(Violation::new(EVERYTHING_SETTLED, text));
    }
    for environment in observed.environments() {
        if let Some(holder) = observed.lock(&environment).holder {
            let text = format!("nothing moves any more, and {environment:?} is still locked by {holder:?}");
            return Err(Violation::new(EVERYTHING_SETTLED, text));
        }
    }
    Ok(())
}
