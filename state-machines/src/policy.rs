//! What configuration decides about time. Read afresh at every step, never stored with a deployment: a
//! changed deadline holds from the next state on.

use jiff::SignedDuration;

use crate::State;

/// Deadlines, polling and retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long each kind of waiting may last.
    pub deadlines: Deadlines,
    /// The shortest pause between two looks at a state that waits.
    pub poll: SignedDuration,
    /// The longest.
    pub poll_cap: SignedDuration,
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

/// Who says that a wait is over.
enum Ends {
    /// Somebody sends news of it: looking is for when that is lost.
    WithNews,
    /// Nobody does: only a look tells.
    Unannounced,
    /// It is no wait; a pause in it is an exception.
    AtOnce,
}

impl Policy {
    /// How long to wait for the next look at a state that has lasted this long and may last `left` longer.
    ///
    /// Looks get rarer the longer a wait lasts. Where news is sent at its end, each comes when three times as
    /// much time has passed as at the one before (the first after three polls); where only a look tells, when a
    /// quarter more has, so that the end is never seen later than that. Never further apart than the cap, and
    /// never past the deadline, whose look is the last.
    #[must_use]
    pub fn pause(
        &self,
        state: State,
        elapsed: SignedDuration,
        left: Option<SignedDuration>,
    ) -> SignedDuration {
        let pause = match ends(state) {
            Ends::WithNews => self.poll.saturating_mul(3).max(elapsed.saturating_mul(2)),
            Ends::Unannounced => self.poll.max(elapsed / 4),
            Ends::AtOnce => self.poll,
        };
        let pause = pause.min(self.poll_cap.max(self.poll));
        left.filter(|left| left.is_positive()).map_or(pause, |left| pause.min(left))
    }

    /// How long to wait for the next look this long after news that came too early, at most: half a poll (but a second), then
    /// as long as has passed, so that what the news announced is seen when twice as much time has passed at the latest.
    #[must_use]
    pub fn pause_after_news(&self, passed: SignedDuration) -> SignedDuration {
        self.soon().max(passed).min(self.poll_cap.max(self.poll))
    }

    /// How long after news that came too early, for the so many-th time in one state, further news is not looked after: the
    /// same first pause, doubled each time, up to the cap.
    #[must_use]
    pub(crate) fn spacing(&self, times: u32) -> SignedDuration {
        let doubled = 2_i32.checked_pow(times.saturating_sub(1)).and_then(|n| self.soon().checked_mul(n));
        let cap = self.poll_cap.max(self.poll);
        doubled.map_or(cap, |spacing| spacing.min(cap))
    }

    fn soon(&self) -> SignedDuration {
        (self.poll / 2).max(SignedDuration::from_secs(1))
    }

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

fn ends(state: State) -> Ends {
    match state {
        State::AwaitingBuild | State::RollingOut { .. } => Ends::WithNews,
        State::CheckingSource | State::AwaitingDrain { .. } | State::Verifying { .. } => Ends::Unannounced,
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
        | State::Settling
        | State::Rejected
        | State::Healthy
        | State::RolledBack
        | State::Failed
        | State::Cancelled => Ends::AtOnce,
    }
}
