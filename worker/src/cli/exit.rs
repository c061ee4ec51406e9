//! Exit codes: what a script may rely on. A code must never change its meaning.

use std::fmt::Write as _;
use std::process::ExitCode;

use lockstep_state_machines::State;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command did what it was asked for; a deployment that was waited for is healthy.
    Done,
    /// A service failed, or something unexpected happened: nothing is said about any deployment.
    Fault,
    /// The arguments or the configuration cannot be used as they are.
    Usage,
    /// The deployment was refused, nothing was touched.
    Rejected,
    /// The deployment failed; its verdict says whether an operator is needed.
    Failed,
    /// The deployment failed and the last healthy release runs again, proven.
    RolledBack,
    /// The deployment was stopped on request before anything was deployed.
    Cancelled,
    /// Waiting ended without a verdict, by its time-out or an interrupt; the deployment goes on.
    NoVerdict,
    /// A cancellation came too late: the deployment had ended.
    TooLate,
    /// What an operator asked for was refused, because it would do harm as things are.
    Refused,
    /// `doctor` found a problem.
    Unsound,
    /// `doctor` found no problem, but could not look at everything.
    Unseen,
}

impl Exit {
    /// All of them, by code.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::Fault,
        Self::Usage,
        Self::Rejected,
        Self::Failed,
        Self::RolledBack,
        Self::Cancelled,
        Self::NoVerdict,
        Self::TooLate,
        Self::Refused,
        Self::Unsound,
        Self::Unseen,
    ];

    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Fault => 1,
            Self::Usage => 2,
            Self::Rejected => 3,
            Self::Failed => 4,
            Self::RolledBack => 5,
            Self::Cancelled => 6,
            Self::NoVerdict => 7,
            Self::TooLate => 8,
            Self::Refused => 9,
            Self::Unsound => 10,
            Self::Unseen => 11,
        }
    }

    /// What the code means, as `--help` says it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; with --wait and for watch: healthy",
            Self::Fault => "a service failed, or something unexpected happened",
            Self::Usage => "the arguments or the configuration cannot be used",
            Self::Rejected => "rejected: nothing was touched",
            Self::Failed => "failed; the verdict says whether an operator is needed",
            Self::RolledBack => "rolled back: the last healthy release runs again",
            Self::Cancelled => "cancelled before anything was deployed",
            Self::NoVerdict => {
                "no verdict: --wait-timeout is over or the wait interrupted; the deployment goes on"
            }
            Self::TooLate => "cancel: too late, the deployment had ended",
            Self::Refused => {
                "unlock, hold, release and dlq redrive: refused; the message says why and what to do"
            }
            Self::Unsound => "doctor: there is a problem; each says what to do",
            Self::Unseen => "doctor: no problem was found, but something could not be looked at",
        }
    }

    /// The exit of a deployment that ended in this state; `None` when the state is no end.
    #[must_use]
    pub fn of(state: State) -> Option<Self> {
        match state {
            State::Healthy => Some(Self::Done),
            State::Rejected => Some(Self::Rejected),
            State::Failed => Some(Self::Failed),
            State::RolledBack => Some(Self::RolledBack),
            State::Cancelled => Some(Self::Cancelled),
            _ => None,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// The table of codes for `--help`.
pub(super) fn help() -> String {
    Exit::ALL.iter().fold("Exit codes:".to_owned(), |mut text, exit| {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {}  {}", exit.code(), exit.meaning());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_rely_on() {
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let of = |state| Exit::of(state).map(Exit::code);
        assert_eq!(of(State::Healthy), Some(0));
        assert_eq!(of(State::Rejected), Some(3));
        assert_eq!(of(State::Failed), Some(4));
        assert_eq!(of(State::RolledBack), Some(5));
        assert_eq!(of(State::Cancelled), Some(6));
        assert_eq!(of(State::AwaitingBuild), None);
    }

    #[test]
    fn help_lists_every_code_once() {
        let lines: Vec<_> = help().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 1 + Exit::ALL.len());
        assert_eq!(lines[4], "  3  rejected: nothing was touched");
    }
}
