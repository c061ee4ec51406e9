//! What interrupts mean to whoever waits for a deployment: of somebody else's he stops waiting; his own he may
//! cancel by interrupting twice, and a workflow's step by being cancelled: GitHub's runner kills it ten seconds after
//! its first interrupt. Must never cancel without saying so, nor a person's deployment at the first interrupt.

use lockstep_events::DeploymentId;

use super::cancel;
use super::follow::Follower;
use super::output::Output;
use crate::ports::Queue;

/// From this interrupt on, nothing is waited for any more.
const STOPS_AT: u32 = 3;

/// Who interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A person, who may have meant to stop waiting only: asked again before anything is cancelled.
    Person,
    /// GitHub's runner, when the run is cancelled: SIGINT, 7.5 s later SIGTERM, 2.5 s later the end.
    Runner,
}

impl By {
    /// Which interrupt cancels.
    const fn cancels_at(self) -> u32 {
        match self {
            Self::Person => 2,
            Self::Runner => 1,
        }
    }

    /// What the cancellation gives as its reason.
    const fn reason(self) -> &'static str {
        match self {
            Self::Person => "the command that waited for it was interrupted twice",
            Self::Runner => "the workflow step that waited for it was cancelled",
        }
    }
}

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
        /// Whose they are.
        by: By,
        /// Where the wish to cancel goes.
        queue: &'a dyn Queue,
    },
}

impl Interrupted<'_> {
    /// One more interrupt.
    pub(super) async fn again(&mut self, id: DeploymentId, follower: &Follower, output: &Output) -> Next {
        let Self::Own { heard, by, queue } = self else { return Next::Stop };
        *heard += 1;
        match *heard {
            STOPS_AT.. => Next::Stop,
            number if number < by.cancels_at() => {
                output.note(&format!(
                    "interrupted: deployment {id} goes on, and so does waiting for it; interrupt again to cancel it"
                ));
                Next::Wait
            }
            number if number > by.cancels_at() => {
                output.note("its cancellation was sent already; waiting for the verdict");
                Next::Wait
            }
            _ => {
                // A text of ours that is no reason would be a defect, and no reason to keep it from being sent.
                let reason = by.reason().parse().ok();
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
        }
    }
}
