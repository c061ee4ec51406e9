//! Injected faults: throttles, failures before the effect, answers lost after it.
//!
//! Decides only; a call that is refused here never reaches the model.

use crate::knobs::{Knobs, KnobsHandle, take_one};
use crate::model::ApiError;

/// What is to happen to one call.
pub(crate) enum Fault {
    /// Nothing special.
    None,
    /// Refused, without effect.
    Refused(ApiError),
    /// Takes effect, but the answer is lost.
    LoseAnswer,
}

/// Takes what the knobs have in store for this action, in the order throttle, failure, lost answer.
pub(crate) fn next(knobs: &KnobsHandle, action: &str) -> Fault {
    knobs.update(|knobs: &mut Knobs| {
        if take_one(&mut knobs.throttle, action) {
            return Fault::Refused(ApiError::throttled());
        }
        if let Some(failure) = knobs.fail_next.get_mut(action).filter(|failure| failure.count > 0) {
            failure.count -= 1;
            return Fault::Refused(ApiError::server(failure.status));
        }
        if take_one(&mut knobs.lose_answer, action) { Fault::LoseAnswer } else { Fault::None }
    })
}
