//! Deploying: the environment is being changed. A fresh database first, where there is one; then the
//! baseline, proven; then the candidate, proven. Must never roll out the candidate after a baseline that
//! was not.

use statig::Outcome;

use crate::machine::Context;
use crate::{
    Deployment, DrainOutcome, Event, FailureCode, Leg, RolloutOutcome, StartOutcome, State,
    VerificationOutcome,
};

pub(super) fn handle(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match (state, event) {
        (State::Draining { restoring }, Event::Drain(outcome))
        | (State::AwaitingDrain { restoring }, Event::Drain(outcome)) => {
            drain(state, restoring, d, outcome, cx)
        }
        (State::Starting { leg }, Event::Start(outcome)) => starting(state, leg, d, outcome, cx),
        (State::RollingOut { leg }, Event::Rollout(outcome)) => rolling_out(state, leg, d, outcome, cx),
        (State::Verifying { leg }, Event::Verification(outcome)) => verifying(state, leg, d, outcome, cx),
        _ => Outcome::Super,
    }
}

/// The first state that changes the environment.
pub(super) fn first(d: &Deployment) -> State {
    if d.makes_fresh_database() { State::Draining { restoring: false } } else { first_rollout(d) }
}

fn first_rollout(d: &Deployment) -> State {
    let leg = if d.baseline().is_some() { Leg::Baseline } else { Leg::Candidate };
    State::Starting { leg }
}

/// Draining, forward and on the way back.
pub(super) fn drain(
    state: State,
    restoring: bool,
    d: &mut Deployment,
    outcome: &DrainOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    let waiting = matches!(state, State::AwaitingDrain { .. });
    match outcome {
        DrainOutcome::Requested if !waiting => {
            cx.say("told ECS to stop the application's tasks");
            Outcome::Transition(State::AwaitingDrain { restoring })
        }
        DrainOutcome::Running { .. } if waiting => Outcome::Handled,
        DrainOutcome::Drained if waiting => {
            cx.say("no task of the application runs");
            let leg = if restoring { Leg::RestoredDatabase } else { Leg::Database };
            Outcome::Transition(State::Starting { leg })
        }
        DrainOutcome::Reverted { message } if waiting => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
        DrainOutcome::Foreign { message } if !waiting => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
        DrainOutcome::Requested
        | DrainOutcome::Running { .. }
        | DrainOutcome::Drained
        | DrainOutcome::Reverted { .. }
        | DrainOutcome::Foreign { .. } => Outcome::Super,
    }
}

/// Starting a leg, forward and on the way back.
pub(super) fn starting(
    state: State,
    leg: Leg,
    d: &mut Deployment,
    outcome: &StartOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        StartOutcome::Started { rollout, adopted, replaced } => {
            let how = if *adopted { "is being rolled out already" } else { "is being rolled out" };
            cx.say(format!("{} {how}: {rollout}", leg.in_words()));
            d.rollouts.insert(leg, rollout.clone());
            d.replaced.extend(replaced.clone().map(|replaced| (leg, replaced)));
            Outcome::Transition(State::RollingOut { leg })
        }
        StartOutcome::Foreign { message } => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
    }
}

/// The failure code of a leg whose rollout failed.
fn rollout_failure(leg: Leg) -> FailureCode {
    match leg {
        Leg::Database | Leg::RestoredDatabase => FailureCode::Database,
        Leg::Baseline => FailureCode::Baseline,
        Leg::Candidate | Leg::Restored => FailureCode::Rollout,
    }
}

/// Following a leg's rollout, forward and on the way back.
pub(super) fn rolling_out(
    state: State,
    leg: Leg,
    d: &mut Deployment,
    outcome: &RolloutOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        RolloutOutcome::InProgress { evidence } => {
            cx.evidence = evidence.clone();
            Outcome::Handled
        }
        RolloutOutcome::Succeeded => {
            cx.say(format!("the rollout of {} succeeded", leg.in_words()));
            Outcome::Transition(match leg {
                Leg::Database => first_rollout(d),
                Leg::RestoredDatabase => State::Starting { leg: Leg::Restored },
                Leg::Baseline | Leg::Candidate | Leg::Restored => State::Verifying { leg },
            })
        }
        RolloutOutcome::Failed { message, evidence } => {
            cx.evidence = evidence.clone();
            Outcome::Transition(d.fail(state, rollout_failure(leg), message.clone(), cx))
        }
        RolloutOutcome::Superseded { message } => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
    }
}

fn verifying(
    state: State,
    leg: Leg,
    d: &mut Deployment,
    outcome: &VerificationOutcome,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match outcome {
        VerificationOutcome::Verified(proof) => {
            if leg == Leg::Baseline {
                cx.say("the baseline release runs and is ready");
                d.baseline_proven = true;
                return Outcome::Transition(State::Starting { leg: Leg::Candidate });
            }
            let said = match &proof.unproven {
                Some(why) => format!("the candidate is ready; parity unproven: {why}"),
                None => format!("the candidate is ready; {} task(s) run its digest", proof.tasks.len()),
            };
            let findings: String = proof.findings.iter().map(|f| format!("; found: {f}")).collect();
            cx.say(format!("{said}{findings}"));
            d.proof = Some(proof.clone());
            Outcome::Transition(State::Healthy)
        }
        VerificationOutcome::NotReady { evidence } => {
            // No answer is no "no": it is asked again, for as long as this state may last.
            let unanswered = evidence.readiness.as_ref().is_some_and(|seen| seen.status.is_none());
            let in_time = cx.deadline.is_some_and(|deadline| cx.now < deadline);
            if !(unanswered && in_time) && roll_out_afresh(d) {
                cx.say("the image runs already but is not ready: rolling it out afresh");
                return Outcome::Transition(State::Registering { leg });
            }
            cx.evidence = evidence.clone();
            Outcome::Handled
        }
        VerificationOutcome::Unsettled => Outcome::Handled,
        VerificationOutcome::WrongDigest { message, evidence } => {
            if roll_out_afresh(d) {
                cx.say(format!("the image does not run everywhere: {message}; rolling it out afresh"));
                return Outcome::Transition(State::Registering { leg });
            }
            cx.evidence = evidence.clone();
            let code = if leg == Leg::Baseline { FailureCode::Baseline } else { FailureCode::Parity };
            Outcome::Transition(d.fail(state, code, message.clone(), cx))
        }
        VerificationOutcome::Superseded { message } => {
            Outcome::Transition(d.fail(state, FailureCode::Superseded, message.clone(), cx))
        }
    }
}

/// Forgets that the wanted image was thought to run already; false if it was not.
fn roll_out_afresh(d: &mut Deployment) -> bool {
    d.runs_already().is_some() && d.inspection.as_mut().is_some_and(|i| i.already_running.take().is_some())
}
