//! What a rollout has come to, from what ECS shows: a pure function, so that every combination can be
//! tested. The service-deployments API decides; `deployments[]` is the cross-check.
//!
//! It must be right whichever way ECS behaves where AWS does not say: whether a rollback's PRIMARY has a
//! new id, how soon a rollout is listed, whether old entries linger. So it relies on task definitions and
//! on terminal states only, never on an id being new, and "not listed yet" is never a failure.

use lockstep_state_machines::Leg;

use crate::ports::{RolloutState, RolloutStatus, RolloutView, ServiceView};

/// What a rollout has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Succeeded,
    InProgress,
    Failed(String),
    Superseded(String),
}

/// Judges the rollout of `task_definition` as `leg`.
pub(super) fn judge(
    leg: Leg,
    task_definition: &str,
    view: &ServiceView,
    rollouts: &[RolloutView],
    old_tasks: bool,
) -> Verdict {
    let Some(primary) = view.primary() else { return Verdict::InProgress };
    let ours_is_primary = primary.task_definition == task_definition;
    let complete = ours_is_primary
        && primary.rollout == RolloutState::Completed
        && view.desired > 0
        && primary.running == primary.desired
        && view
            .deployments
            .iter()
            .all(|d| d.task_definition == task_definition || d.running + d.pending == 0)
        && !old_tasks;
    // The way back may have been begun by ECS itself, under the failed rollout's name: there is no rollout
    // of our own to be listed, so the service itself is what is judged.
    if leg == Leg::Restored {
        return match (ours_is_primary, primary.rollout) {
            (false, _) => superseded(view),
            (true, RolloutState::Failed) => Verdict::Failed(stalled(view)),
            (true, _) if complete => Verdict::Succeeded,
            (true, _) => Verdict::InProgress,
        };
    }
    let listed = rollouts.iter().find(|rollout| rollout.task_definition == task_definition);
    let Some(rollout) = listed else {
        return match (ours_is_primary, primary.rollout) {
            (true, RolloutState::Failed) => Verdict::Failed(stalled(view)),
            (true, _) | (false, RolloutState::InProgress) => Verdict::InProgress,
            (false, _) => superseded(view),
        };
    };
    match &rollout.status {
        RolloutStatus::Successful if complete => Verdict::Succeeded,
        RolloutStatus::Successful if ours_is_primary => Verdict::InProgress,
        RolloutStatus::Successful => superseded(view),
        RolloutStatus::RollbackRequested
        | RolloutStatus::RollbackInProgress
        | RolloutStatus::RollbackSuccessful
        | RolloutStatus::RollbackFailed => Verdict::Failed(rolled_back(rollout)),
        RolloutStatus::StopRequested | RolloutStatus::Stopped if ours_is_primary => {
            Verdict::Failed(format!("somebody stopped the rollout: {}", rollout.status_reason))
        }
        RolloutStatus::StopRequested | RolloutStatus::Stopped => superseded(view),
        RolloutStatus::Pending | RolloutStatus::InProgress | RolloutStatus::Other(_) => {
            match (ours_is_primary, primary.rollout) {
                (true, RolloutState::Failed) => Verdict::Failed(stalled(view)),
                // Either a rollback whose status is not shown yet, or somebody else: the next look tells.
                (true | false, _) => Verdict::InProgress,
            }
        }
    }
}

fn rolled_back(rollout: &RolloutView) -> String {
    let reason = rollout.rollback.as_ref().map(|rollback| rollback.reason.as_str());
    let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or(&rollout.status_reason);
    let counted = if rollout.threshold > 0 {
        format!(" after {} failed tasks (threshold {})", rollout.failure_count, rollout.threshold)
    } else {
        String::new()
    };
    format!("ECS gave the rollout up{counted}: {reason}")
}

fn stalled(view: &ServiceView) -> String {
    let reason = view.primary().map_or("", |primary| primary.rollout_reason.as_str());
    format!("ECS gave the rollout up: {reason}")
}

fn superseded(view: &ServiceView) -> Verdict {
    let by = view.primary().map_or("", |primary| primary.task_definition.as_str());
    Verdict::Superseded(format!("somebody else is rolling out {by}; it is left in place"))
}
