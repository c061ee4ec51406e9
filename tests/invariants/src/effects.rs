//! Effects: what the outside world's own logs must never show.

use crate::{Observed, Violation};

pub(crate) const NO_EFFECT_TWICE: &str = "no effect twice";
pub(crate) const NO_EFFECT_AFTER_THE_END: &str = "no effect after the end";

/// Each effect of a deployment changed something at most once, however many workers tried it and died over
/// it: the others found it done, or were refused (protocol rules 9 to 12).
///
/// # Errors
/// An effect with more than one result.
pub fn no_effect_twice<O: Observed>(observed: &O) -> Result<(), Violation> {
    match observed.traces().find(|trace| trace.changes > 1) {
        None => Ok(()),
        Some(trace) => {
            let text =
                format!("{:?} of {:?} took effect {} times", trace.effect, trace.deployment, trace.changes);
            Err(Violation::new(NO_EFFECT_TWICE, text))
        }
    }
}

/// A deployment changes nothing before it holds its lock and nothing after its end: a late call is refused
/// or finds its work done. So the next holder's picture of the environment stands (protocol rules 3 and 4).
///
/// # Errors
/// A change when the deployment had ended, or for a deployment that never held a lock.
pub fn no_effect_after_the_end<O: Observed>(observed: &O) -> Result<(), Violation> {
    for trace in observed.traces().filter(|trace| trace.changes > 0) {
        let problem = if trace.late > 0 {
            "after its end"
        } else if observed.token_of(&trace.deployment).is_none() {
            "although it never held a lock"
        } else {
            continue;
        };
        let text = format!("{:?} of {:?} took effect {problem}", trace.effect, trace.deployment);
        return Err(Violation::new(NO_EFFECT_AFTER_THE_END, text));
    }
    Ok(())
}
