//! From the record to the model: items in, steps out. Must never guess: what no item says is not there.

use jiff::Timestamp;
use lockstep_state_machines::{Deployment, Leg, Machine, Phase, State};

use super::model::{Current, End, Follows, Note, Retrying, Step, StepResult, Timeline};
use super::words::{self, state_named, title};
use crate::ports::Recorded;

impl Timeline {
    /// The timeline that these items tell: the whole history in order, and the machine as of the newest one.
    #[must_use]
    pub fn of(items: &[Recorded], machine: &Machine) -> Self {
        let deployment = machine.deployment();
        let request = &deployment.request;
        let mut steps = steps(items);
        mark_stopped(&mut steps, machine);
        let current = current(&steps, machine);
        Self {
            id: request.id,
            application: request.application.clone(),
            environment: request.environment.clone(),
            what: words::target(&request.target),
            actor: request.requester.actor.clone(),
            requested_at: request.requested_at,
            steps,
            current,
            end: end(items, machine),
        }
    }
}

fn steps(items: &[Recorded]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for item in items {
        if let Some(step) = steps.last_mut() {
            if item.from == item.to {
                let (event, detail) = (item.event.clone(), item.detail.clone());
                step.notes.push(Note { at: item.at, event, detail });
                continue;
            }
            step.ended = Some(item.at);
            step.result = StepResult::Done;
            step.detail.clone_from(&item.detail);
        }
        if !item.terminal {
            steps.push(Step {
                name: item.to.clone(),
                title: state_named(&item.to).map_or_else(|| item.to.clone(), title),
                began_with: item.seq,
                began: item.at,
                ended: None,
                result: StepResult::UnderWay,
                detail: String::new(),
                notes: Vec::new(),
            });
        }
    }
    steps
}

/// A failure names the state in which it happened; of several stays there, the last one ended with it.
fn mark_stopped(steps: &mut [Step], machine: &Machine) {
    let deployment = machine.deployment();
    for failure in deployment.failure.iter().chain(&deployment.unwind_failures) {
        let failed = steps.iter_mut().rev().find(|step| step.name == failure.during && step.ended.is_some());
        if let Some(step) = failed {
            step.result = StepResult::Stopped;
        }
    }
    if let (State::Rejected, Some(step)) = (machine.state(), steps.last_mut()) {
        step.result = StepResult::Stopped;
    }
}

fn current(steps: &[Step], machine: &Machine) -> Option<Current> {
    let (state, deployment) = (machine.state(), machine.deployment());
    if state.is_terminal() {
        return None;
    }
    let last = || {
        let notes = steps.last().map(|step| step.notes.as_slice()).unwrap_or_default();
        let fault = notes.iter().rev().find(|note| note.event == "transient-fault");
        fault.map(|note| note.detail.clone()).unwrap_or_default()
    };
    let retrying = deployment.retry.as_ref();
    let failure = deployment.failure.as_ref().filter(|_| state.phase() == Phase::RollingBack);
    Some(Current {
        state,
        since: machine.since(),
        until: machine.deadline(),
        waits_for: words::waits_for(state, deployment),
        retrying: retrying.map(|retry| Retrying {
            faults: retry.faults,
            next_at: retry.next_at,
            last: last(),
        }),
        cancel: deployment.cancel.as_ref().map(lockstep_state_machines::Cancel::in_words),
        going_back: failure.map(|failure| failure.message.clone()),
        follows: follows(state, deployment, machine.since()),
    })
}

fn follows(state: State, deployment: &Deployment, since: Timestamp) -> Option<Follows> {
    let of = |leg: Leg| Follows {
        database: leg.is_database(),
        leg: Some(leg),
        task_definition: deployment.revision_of(leg),
        since,
    };
    match state {
        State::RollingOut { leg } | State::Verifying { leg } => Some(of(leg)),
        State::AwaitingDrain { .. } => {
            Some(Follows { database: false, leg: None, task_definition: None, since })
        }
        _ => None,
    }
}

fn end(items: &[Recorded], machine: &Machine) -> Option<End> {
    let (ending, newest) = machine.ending().zip(items.last())?;
    Some(End {
        state: machine.state(),
        at: newest.at,
        summary: ending.summary,
        operator_needed: ending.operator_needed,
    })
}
