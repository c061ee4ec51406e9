//! What interrupts mean to whoever waits for a deployment: of somebody else's he stops waiting; his own he may
//! cancel by interrupting twice. Must never cancel at the first one, nor ever without saying so.

use lockstep_events::DeploymentId;

use super::cancel;
use super::follow::Follower;
use super::output::Output;
use crate::ports::Queue;

/// What a cancellation by interrupts gives as its reason.
const REASON: &str = "the command that waited for it was interrupted twice";

/// What is to be done after an interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait on.
    Wait,
    /// Stop waiting.
    Stop,
}

/// Counts interrupts, and does what they ask for.
pub(super) enum Interrupted<'a> {
    /// The deployment was not asked for here: the first interrupt ends the wait.
    Others,
    /// It was: what was heard so far, and where the wish to cancel goes.
    Own {
        /// How many.
        heard: u32,
        /// Where the wish to cancel goes.
        queue: &'a dyn Queue,
    },
}

impl Interrupted<'_> {
    /// One more interrupt.
    pub(super) async fn again(&mut self, id: DeploymentId, follower: &Follower, output: &Output) -> Next {
        let Self::Own { heard, queue } = self else { return Next::Stop };
        *heard += 1;
        match *heard {
            1 => {
                output.note(&format!(
                    "interrupted: deployment {id} goes on, and so does waiting for it; interrupt again to cancel it"
                ));
                Next::Wait
            }
            2 => {
                // A text of ours that is no reason would be a defect, and no reason to keep it from being sent.
                let reason = REASON.parse().ok();
                let sent = match cancel::send(*queue, id, reason).await {
                    Ok(()) => {
                        let state = follower.machine().map(|machine| machine.state().to_string());
                        cancel::tell_sent(id, state.map(|state| (state, follower.standing())), output)
                    }
                    Err(error) => Err(error),
                };
                match sent {
                    Ok(()) => output.note("waiting for the verdict; interrupt again to stop waiting"),
                    Err(error) => output
                        .note(&format!("{error}; interrupt again to stop waiting: the deployment goes on")),
                }
                Next::Wait
            }
            _ => Next::Stop,
        }
    }
}
