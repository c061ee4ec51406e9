//! Rolling back: the last healthy release is put back and proven, then `latest`, then the abandoned
//! revisions are retired. A step that fails is noted and the rest is still done; the end then says that an
//! operator is needed. Must never claim a rollback that was not proven.

use statig::Outcome;

use super::{deploying, retagged};
use crate::machine::Context;
use crate::{Deployment, Event, FailureCode, RestoreOutcome, RetireOutcome, State, VerificationOutcome};

pub(super) fn handle(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match (state, event) {
        (State::Registering { leg }, Event::Revision(outcome)) => {
            retagged::registered(leg, d, outcome, cx);
            Outcome::Transition(State::Draining { restoring: true })
        }
        (State::Draining { restoring }, Event::Drain(outcome))
        | (State::AwaitingDrain { restoring }, Event::Drain(outcome)) => {
            deploying::drain(state, restoring, d, outcome, cx)
        }
        (State::Starting { leg }, Event::Start(outcome)) => deploying::starting(state, leg, d, outcome, cx),
        (State::RollingOut { leg }, Event::Rollout(outcome)) => {
            deploying::rolling_out(state, leg, d, outcome, cx)
        }
        (State::Verifying { .. }, Event::Verification(outcome)) => verifying(state, d, outcome, cx),
        (State::RestoringReferences, Event::Restore(RestoreOutcome::Restored { notes })) => {
            cx.say(if notes.is_empty() { "nothing to restore".to_owned() } else { notes.join("; ") });
            d.reference_notes.clone_from(notes);
            Outcome::Transition(d.after_references())
        }
        (State::Retiring, Event::Retire(RetireOutcome::Retired { revisions })) => {
            cx.say(format!("can no longer be deployed: {}", revisions.join(", ")));
            Outcome::Transition(d.end())
        }
        (State::Settling, Event::Settled) => {
            cx.say("what was sent last has arrived by now, or never will");
            Outcome::Transition(d.end())
        }
        _ => Outcome::Super,
    }
}

fn verifying(
    state: State,
    d: &mut Deployment,
    outcome: &VerificationOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        VerificationOutcome::Verified(proof) => {
            cx.say(match &proof.unproven {
                None => "the last healthy release runs and is ready".to_owned(),
                Some(why) => format!("the last healthy release is ready; parity unproven: {why}"),
            });
            d.restored = Some((proof.clone(), cx.now));
            Outcome::Transition(d.after_service())
        }
        VerificationOutcome::NotReady { evidence } => {
            cx.evidence = evidence.clone();
            Outcome::Handled
        }
        VerificationOutcome::Unsettled => Outcome::Handled,
        VerificationOutcome::WrongDigest { message, evidence } => {
            cx.evidence = evidence.clone();
            Outcome::Transition(d.fail(state, FailureCode::Parity, message.clone(), cx))
        }
        VerificationOutcome::Superseded { message } => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
    }
}
