//! Where a deployment that is under way stands, in one line. Must never say that something will be: only
//! what is, and until when it may last.

use std::fmt::Write as _;

use lockstep_state_machines::Machine;

/// The state, since when, until when, and what is in the way.
pub(super) fn standing(machine: &Machine) -> String {
    let mut text = format!("{} since {:.0}", machine.state(), machine.since());
    // Writing to a String cannot fail.
    if let Some(deadline) = machine.deadline() {
        let _ = write!(text, ", until {deadline:.0} at the latest");
    }
    let deployment = machine.deployment();
    if let Some(on) = &deployment.waiting_on {
        let _ = write!(text, "; {on}");
    }
    if let Some(retry) = &deployment.retry {
        let _ = write!(text, "; {} fault(s) in a row, next try at {:.0}", retry.faults, retry.next_at);
    }
    if let Some(cancel) = &deployment.cancel {
        let _ = write!(text, "; to be {}", cancel.in_words());
    }
    text
}
