//! The handlers, one file a phase, and what holds for many states: the wish to cancel, faults, deadlines.
//! A handler sets facts and names the next state; it must never do anything else.

mod built;
mod deploying;
mod locked;
mod retagged;
mod rolling_back;

use jiff::Timestamp;
use statig::Outcome;

use crate::machine::Context;
use crate::{Cancel, Deployment, Effect, Event, FailureCode, FaultReport, Leg, Phase, Retry, State};

/// A leaf state's own handler.
pub(crate) fn leaf(state: State, d: &mut Deployment, event: &Event, cx: &mut Context<'_>) -> Outcome<State> {
    match state.phase() {
        Phase::Locked => locked::handle(state, d, event, cx),
        Phase::Built => built::handle(state, d, event, cx),
        Phase::Retagged => retagged::handle(state, d, event, cx),
        Phase::Deploying => deploying::handle(state, d, event, cx),
        Phase::RollingBack => rolling_back::handle(state, d, event, cx),
        Phase::Rejected | Phase::Healthy | Phase::RolledBack | Phase::Failed | Phase::Cancelled => {
            Outcome::Super
        }
    }
}

/// Before the way back: a wish to cancel is taken. At once where nothing is under way; else when the step
/// that is under way has been settled, since only then it is known what there is to undo.
pub(crate) fn forward(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    let Some(cancel) = wish(event, cx) else { return Outcome::Super };
    let words = cancel.in_words();
    let first = d.cancel.is_none();
    d.cancel.get_or_insert(cancel);
    if acts(state, d) {
        cx.changed = first;
        cx.say(format!("{words}: stops as soon as this step is settled"));
        return Outcome::Handled;
    }
    Outcome::Transition(d.fail(state, FailureCode::Cancelled, words, cx))
}

/// The wish to cancel that an event is.
fn wish(event: &Event, cx: &Context<'_>) -> Option<Cancel> {
    let Event::Cancel { actor, sender, reason } = event else { return None };
    Some(Cancel { actor: actor.clone(), sender: sender.clone(), reason: reason.clone(), at: cx.now })
}

/// Whether the state's effect changes something, so that it may be under way.
fn acts(state: State, d: &Deployment) -> bool {
    matches!(Effect::of(state, d), Ok(Some(effect)) if effect.is_action())
}

/// An answer that decides nothing yet ends a row of faults: the retries are for faults in a row, and a long
/// wait meets more of them than that. A state that acts keeps its count until it is settled.
pub(crate) fn answered(d: &mut Deployment, state: State, event: &Event, cx: &mut Context<'_>) {
    if matches!(event, Event::Fault(_) | Event::Cancel { .. }) || acts(state, d) {
        return;
    }
    if let Some(Retry { faults, .. }) = d.retry.take()
        // What the answer itself is worth recording for says more.
        && !cx.changed
    {
        cx.changed = true;
        cx.say(format!("answered again after {faults} fault(s) in a row"));
    }
}

/// On the way back there is nothing left to cancel.
pub(crate) fn backward(d: &mut Deployment, event: &Event, cx: &mut Context<'_>) -> Outcome<State> {
    let Some(cancel) = wish(event, cx) else { return Outcome::Super };
    if d.cancel.is_none() {
        cx.changed = true;
        cx.say(format!("{} wants it stopped: it is being rolled back already", cancel.by()));
        d.cancel = Some(cancel);
    }
    Outcome::Handled
}

/// In every state that is not terminal: an operator's unlocking ends it as it stands; a transient fault is
/// retried until the budget is spent, a permanent one ends the way forward (or this step of the way back).
pub(crate) fn working(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    if let Event::Unlock { actor, reason } = event {
        let words = format!("unlocked by {actor}: {reason}");
        return Outcome::Transition(d.give_up(state, words, cx));
    }
    let Event::Fault(FaultReport { service, message, transient, wait, ambiguous }) = event else {
        return Outcome::Super;
    };
    let faults = d.retry.as_ref().map_or(0, |retry| retry.faults).saturating_add(1);
    let budget = cx.policy.retry.budget;
    if *transient && faults <= budget {
        // However long a service asks to be left alone, the deadline is looked at in time.
        let next_at = cx.now.checked_add(*wait).unwrap_or(Timestamp::MAX);
        let next_at = cx.deadline.map_or(next_at, |deadline| next_at.min(deadline));
        d.retry = Some(Retry { faults, next_at });
        cx.changed = true;
        cx.say(format!("{message}; fault {faults} in a row, at most {budget}; next try at {next_at:.0}"));
        return Outcome::Handled;
    }
    let message = if *transient {
        format!("{service} failed {faults} times in a row, the last time with: {message}")
    } else {
        message.clone()
    };
    let doubt = if *ambiguous { "; whether it took effect is not known" } else { "" };
    Outcome::Transition(d.fail(state, FailureCode::Service, format!("{message}{doubt}"), cx))
}

/// A state's deadline has passed and its last look was not conclusive.
pub(crate) fn overdue(d: &mut Deployment, state: State, cx: &mut Context<'_>) -> State {
    let (code, what) = match state {
        State::CheckingSource => {
            let on = d.waiting_on.clone().unwrap_or_else(|| "the source's checks".to_owned());
            (FailureCode::Deadline, format!("still waiting: {on}"))
        }
        State::AwaitingBuild => (FailureCode::Build, "the build has not finished".to_owned()),
        State::AwaitingDrain { .. } => (FailureCode::Rollout, "the old tasks have not stopped".to_owned()),
        State::RollingOut { leg } => {
            let code = match leg {
                Leg::Database | Leg::RestoredDatabase => FailureCode::Database,
                Leg::Baseline => FailureCode::Baseline,
                Leg::Candidate | Leg::Restored => FailureCode::Rollout,
            };
            (code, format!("the rollout of {} has not finished", leg.in_words()))
        }
        State::Verifying { leg } => {
            let code = if leg == Leg::Baseline { FailureCode::Baseline } else { FailureCode::Readiness };
            let answer = cx.evidence.readiness.as_ref();
            let answer = answer.map_or_else(String::new, |r| match r.status {
                Some(status) => format!(": {} answered {status} {}", r.url, r.detail),
                None => format!(": {} {}", r.url, r.detail),
            });
            (code, format!("{} is not ready{answer}", leg.in_words()))
        }
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
        | State::Cancelled => (FailureCode::Deadline, format!("{state} has not been settled")),
    };
    let limit = cx.policy.deadline(state).as_secs();
    d.fail(state, code, format!("{what} after {limit} s, its deadline"), cx)
}
