//! What a freeze window means for a request: refused with its end, or taken up with the reason that somebody
//! gave for it. Whether one is on is `config::freeze`'s to say; must never look at anything but the request, the
//! configuration and the time.

use jiff::Timestamp;
use lockstep_events::{DeployRequested, EnvironmentName};

use crate::config::EnvironmentConfig;
use crate::config::freeze::{Frozen, frozen};

/// What the environment's freeze windows say about a request at this moment.
pub(super) enum Judged {
    /// None is on.
    Open,
    /// One is on, and the request says why it must be taken up all the same: in words, for the history.
    Despite(String),
    /// One is on.
    Frozen(String),
}

/// Judges a request by the environment's windows.
pub(super) fn judge(environment: &EnvironmentConfig, request: &DeployRequested, now: Timestamp) -> Judged {
    match (frozen(&environment.freeze, now), &request.overrides.despite_freeze) {
        (None, _) => Judged::Open,
        (Some(frozen), Some(why)) => Judged::Despite(format!("despite the freeze {frozen}: {why}")),
        (Some(frozen), None) => Judged::Frozen(refusal(&request.environment, &frozen)),
    }
}

fn refusal(name: &EnvironmentName, frozen: &Frozen) -> String {
    format!(
        "{name} is frozen {frozen}. Ask again once it has ended; in an emergency, with --despite-freeze <reason>."
    )
}
