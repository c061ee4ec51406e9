//! Histories: the only record of a deployment. Item N put if absent is the commit of transition N.

use crate::{Observed, Violation};

pub(crate) const GAPLESS_HISTORY: &str = "history is gapless and ends once";
pub(crate) const RECORD_AT_THE_END: &str = "an environment's record is written only by an end";

/// A history is items 1, 2, 3 … without a gap, each written once, and nothing follows a terminal item. So
/// who has read the newest item knows the state, and a second end cannot be written behind the first
/// (protocol rules 1 and 3).
///
/// # Errors
/// A missing number, an overwritten item, or an item after the end.
pub fn gapless_history<O: Observed>(observed: &O) -> Result<(), Violation> {
    for deployment in observed.deployments() {
        let mut expected = 1;
        let mut ended = false;
        for item in observed.history(&deployment) {
            let problem = if item.seq != expected {
                format!("where item {expected} should be")
            } else if item.writes != 1 {
                format!("written {} times", item.writes)
            } else if ended {
                "after its end".to_owned()
            } else {
                expected += 1;
                ended = item.terminal;
                continue;
            };
            let text = format!("the history of {deployment:?} has item {} {problem}", item.seq);
            return Err(Violation::new(GAPLESS_HISTORY, text));
        }
    }
    Ok(())
}

/// Who wrote an environment's record had ended in that environment, wrote once, and the writers follow each
/// other as they held the lock: end, record and release of the lock are one transaction (protocol rule 3).
///
/// # Errors
/// A writer that has not ended or never held the lock, or writers out of the order of their tokens.
pub fn record_written_only_at_the_end<O: Observed>(observed: &O) -> Result<(), Violation> {
    for environment in observed.environments() {
        let mut openings = observed.openings(&environment);
        for writer in observed.record_writers(&environment) {
            // Consumes the openings up to the writer's: the next writer must have come after it.
            if !openings.by_ref().any(|opening| opening.deployment == writer) {
                let text = format!(
                    "{writer:?} wrote the record of {environment:?} without holding its lock, twice, or after a later holder"
                );
                return Err(Violation::new(RECORD_AT_THE_END, text));
            }
            if !observed.is_terminal(&writer) {
                let text = format!("{writer:?} wrote the record of {environment:?} and has not ended");
                return Err(Violation::new(RECORD_AT_THE_END, text));
            }
        }
    }
    Ok(())
}
