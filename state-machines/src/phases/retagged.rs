//! Retagged: tag and release are in place. The revisions that will be rolled out are registered now, so
//! that everything that can fail without touching the environment has been done before it is touched.

use statig::Outcome;

use super::deploying;
use crate::machine::Context;
use crate::{Deployment, Event, Leg, RevisionOutcome, State};

pub(super) fn handle(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    let (State::Registering { leg }, Event::Revision(outcome)) = (state, event) else {
        return Outcome::Super;
    };
    registered(leg, d, outcome, cx);
    Outcome::Transition(match next(d, leg) {
        Some(leg) => State::Registering { leg },
        None => deploying::first(d),
    })
}

/// Notes a registered revision.
pub(super) fn registered(leg: Leg, d: &mut Deployment, outcome: &RevisionOutcome, cx: &mut Context<'_>) {
    let RevisionOutcome::Registered { arn, adopted } = outcome;
    let how = if *adopted { "found" } else { "registered" };
    cx.say(format!("{how} the revision for {}: {arn}", leg.in_words()));
    d.revisions.insert(leg, arn.clone());
}

/// The first state of this phase, or, when the wanted image runs in production already, its verification.
pub(super) fn first(d: &Deployment) -> State {
    if d.runs_already().is_some() {
        return State::Verifying { leg: Leg::Candidate };
    }
    let leg = legs(d).next().unwrap_or(Leg::Candidate);
    State::Registering { leg }
}

fn legs(d: &Deployment) -> impl Iterator<Item = Leg> {
    let database = d.makes_fresh_database().then_some(Leg::Database);
    let baseline = d.baseline().is_some().then_some(Leg::Baseline);
    database.into_iter().chain(baseline).chain([Leg::Candidate])
}

fn next(d: &Deployment, leg: Leg) -> Option<Leg> {
    legs(d).skip_while(|l| *l != leg).nth(1)
}
