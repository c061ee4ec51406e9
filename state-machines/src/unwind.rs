//! The way back: which states lead from a failure to an end that is true. Must never reach an end while
//! something that was begun is unsettled, and never put back what somebody else has changed meanwhile.

use crate::machine::Context;
use crate::{Deployment, Failure, FailureCode, Leg, State};

impl Deployment {
    /// Leaves the way forward. The first cause is kept.
    pub(crate) fn fail(
        &mut self,
        state: State,
        code: FailureCode,
        message: String,
        cx: &mut Context<'_>,
    ) -> State {
        // Whatever kept the baseline from coming up, the candidate was never tried (protocol rule 20).
        let code = match (state, code) {
            (
                State::Starting { leg: Leg::Baseline }
                | State::RollingOut { leg: Leg::Baseline }
                | State::Verifying { leg: Leg::Baseline },
                FailureCode::Service | FailureCode::Deadline,
            ) => FailureCode::Baseline,
            (_, code) => code,
        };
        let failure = Failure {
            code,
            during: state.to_string(),
            message: message.clone(),
            evidence: std::mem::take(&mut cx.evidence),
            at: cx.now,
        };
        cx.say(message);
        if self.failure.is_none() {
            self.failure = Some(failure);
            return self.way_back();
        }
        self.unwind_failures.push(failure);
        self.give_up_step(state)
    }

    /// Ends everything as it stands, because an operator unlocked the environment. The only thing still done
    /// is to retire what must never be deployed any more, unless that is what it hangs on.
    pub(crate) fn give_up(&mut self, state: State, message: String, cx: &mut Context<'_>) -> State {
        let failure = Failure {
            code: FailureCode::Unlocked,
            during: state.to_string(),
            message: message.clone(),
            evidence: std::mem::take(&mut cx.evidence),
            at: cx.now,
        };
        cx.say(format!("{message}; the environment is left as it stood in {state}"));
        if self.failure.is_none() {
            self.failure = Some(failure);
        } else {
            self.unwind_failures.push(failure);
        }
        if matches!(state, State::Retiring | State::Settling) {
            State::Failed
        } else {
            self.after_references()
        }
    }

    /// Whether an operator unlocked the environment.
    #[must_use]
    pub fn is_unlocked(&self) -> bool {
        self.failure.iter().chain(&self.unwind_failures).any(|f| f.code == FailureCode::Unlocked)
    }

    /// The first state of the way back.
    fn way_back(&self) -> State {
        let superseded = self.failure.as_ref().is_some_and(|f| f.code == FailureCode::Superseded);
        if !self.touched || superseded || self.restore_target().is_none() {
            return self.after_service();
        }
        if self.makes_fresh_database() {
            State::Registering { leg: Leg::RestoredDatabase }
        } else {
            State::Starting { leg: Leg::Restored }
        }
    }

    /// The state after the service has been put back, or cannot be.
    pub(crate) fn after_service(&self) -> State {
        if self.references_touched { State::RestoringReferences } else { self.after_references() }
    }

    /// The state after the references have been restored, or cannot be.
    pub(crate) fn after_references(&self) -> State {
        if self.to_retire().is_empty() { self.end() } else { State::Retiring }
    }

    /// Where to go on when a step of the way back itself failed.
    fn give_up_step(&self, state: State) -> State {
        match state {
            State::Retiring | State::Settling => self.end(),
            State::RestoringReferences => self.after_references(),
            State::CheckingSource
            | State::Inspecting
            | State::DispatchingBuild
            | State::AwaitingBuild
            | State::RecordingImage
            | State::BindingVersion
            | State::MovingTags
            | State::PublishingRelease
            | State::Registering { .. }
            | State::Draining { .. }
            | State::AwaitingDrain { .. }
            | State::Starting { .. }
            | State::RollingOut { .. }
            | State::Verifying { .. }
            | State::Rejected
            | State::Healthy
            | State::RolledBack
            | State::Failed
            | State::Cancelled => self.after_service(),
        }
    }

    /// The end of a deployment that did not become healthy.
    pub(crate) fn end(&self) -> State {
        let code = self.failure.as_ref().map(|f| f.code);
        if self.is_unlocked() || !self.unwind_failures.is_empty() {
            State::Failed
        } else if self.touched {
            match (self.restored.is_some(), code) {
                (true, Some(FailureCode::Baseline)) | (false, _) => State::Failed,
                (true, _) => State::RolledBack,
            }
        } else if code == Some(FailureCode::Cancelled) {
            State::Cancelled
        } else {
            State::Failed
        }
    }
}
