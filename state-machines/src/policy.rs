//! What configuration decides about time. Read afresh at every step, never stored with a deployment: a
//! changed deadline holds from the next state on.

use jiff::SignedDuration;

use crate::State;

/// Deadlines, polling and retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long each kind of waiting may last.
    pub deadlines: Deadlines,
    /// How often a waiting state looks again.
    pub poll: SignedDuration,
    /// What is done about transient faults.
    pub retry: RetryPolicy,
}

/// How long each kind of state may last. Every state has one, so that no environment stays locked for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadlines {
    /// Until the commit's checks have ended.
    pub checks: SignedDuration,
    /// Until the build has ended.
    pub build: SignedDuration,
    /// Until a rollout (of a task definition, or of zero tasks) has ended.
    pub rollout: SignedDuration,
    /// Until the application answers ready.
    pub readiness: SignedDuration,
    /// For every state that acts and does not wait.
    pub action: SignedDuration,
}

/// Exponential backoff: the wait before try n is drawn by the shell between 0 and min(cap, base × 2^n).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many faults in a row one state survives.
    pub budget: u32,
    /// The first ceiling.
    pub base: SignedDuration,
    /// The last ceiling.
    pub cap: SignedDuration,
}

impl RetryPolicy {
    /// The longest wait before the next try after this many faults in a row (from 1).
    #[must_use]
    pub fn ceiling(&self, faults: u32) -> SignedDuration {
        let doubled = 2_i32.checked_pow(faults.saturating_sub(1)).and_then(|n| self.base.checked_mul(n));
        doubled.map_or(self.cap, |wait| wait.min(self.cap))
    }
}

impl Policy {
    /// How long a state may last.
    #[must_use]
    pub fn deadline(&self, state: State) -> SignedDuration {
        match state {
            State::CheckingSource => self.deadlines.checks,
            State::AwaitingBuild => self.deadlines.build,
            State::AwaitingDrain { .. } | State::RollingOut { .. } => self.deadlines.rollout,
            State::Verifying { .. } => self.deadlines.readiness,
            State::Inspecting
            | State::DispatchingBuild
            | State::RecordingImage
            | State::BindingVersion
            | State::MovingTags
            | State::PublishingRelease
            | State::Registering { .. }
            | State::Draining { .. }
            | State::Starting { .. }
            | State::RestoringReferences
            | State::Retiring
            | State::Settling => self.deadlines.action,
            State::Rejected | State::Healthy | State::RolledBack | State::Failed | State::Cancelled => {
                SignedDuration::MAX
            }
        }
    }
}
