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

/// What is known besides the service's own picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether tasks of another task definition still run.
    pub(super) old_tasks: bool,
    /// Whether our own update must be visible by now.
    pub(super) settled: bool,
}

/// Judges the rollout of `task_definition` as `leg`.
pub(super) fn judge(
    leg: Leg,
    task_definition: &str,
    view: &ServiceView,
    rollouts: &[RolloutView],
    seen: Seen,
) -> Verdict {
    let verdict = judge_as_shown(leg, task_definition, view, rollouts, seen.old_tasks);
    match verdict {
        // The picture may be older than our own update.
        Verdict::Superseded(_) if !seen.settled => Verdict::InProgress,
        Verdict::Succeeded | Verdict::InProgress | Verdict::Failed(_) | Verdict::Superseded(_) => verdict,
    }
}

fn judge_as_shown(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CircuitBreaker, DeploymentStatus, DeploymentView, RolloutRollback};

    const OURS: &str = "app:2";
    const OLD: &str = "app:1";
    const SETTLED: Seen = Seen { old_tasks: false, settled: true };

    fn deployment(
        status: DeploymentStatus,
        task_definition: &str,
        rollout: RolloutState,
        running: u32,
    ) -> DeploymentView {
        DeploymentView {
            id: format!("ecs-svc/{task_definition}"),
            status,
            task_definition: task_definition.to_owned(),
            rollout,
            rollout_reason: "as ECS says".to_owned(),
            desired: running.max(1),
            running,
            pending: 0,
        }
    }

    fn service(deployments: Vec<DeploymentView>) -> ServiceView {
        ServiceView {
            arn: "service".to_owned(),
            status: "ACTIVE".to_owned(),
            desired: 1,
            running: 1,
            pending: 0,
            deployments,
            events: Vec::new(),
            circuit_breaker: CircuitBreaker { enable: true, rollback: true },
            minimum_healthy_percent: 100,
            maximum_percent: 200,
        }
    }

    fn listed(task_definition: &str, status: RolloutStatus) -> RolloutView {
        RolloutView {
            arn: format!("rollout/{task_definition}"),
            status,
            status_reason: "as ECS says".to_owned(),
            task_definition: task_definition.to_owned(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            rollback: Some(RolloutRollback { reason: "tasks failed to start".to_owned() }),
            failure_count: 3,
            threshold: 3,
        }
    }

    use DeploymentStatus::{Active, Primary};
    use RolloutState::{Completed, Failed, InProgress};

    fn candidate(view: &ServiceView, rollouts: &[RolloutView]) -> Verdict {
        judge(Leg::Candidate, OURS, view, rollouts, SETTLED)
    }

    #[test]
    fn success_needs_the_rollout_the_service_and_the_tasks_to_agree() {
        let done = service(vec![deployment(Primary, OURS, Completed, 1)]);
        let successful = [listed(OURS, RolloutStatus::Successful)];
        assert_eq!(candidate(&done, &successful), Verdict::Succeeded);
        let old_tasks = Seen { old_tasks: true, settled: true };
        assert_eq!(judge(Leg::Candidate, OURS, &done, &successful, old_tasks), Verdict::InProgress);
        let draining =
            service(vec![deployment(Primary, OURS, Completed, 1), deployment(Active, OLD, Completed, 1)]);
        assert_eq!(candidate(&draining, &successful), Verdict::InProgress);
        let zero = ServiceView { desired: 0, ..done.clone() };
        assert_eq!(candidate(&zero, &successful), Verdict::InProgress, "nothing runs: that is no success");
        let mut starting = draining.clone();
        (starting.deployments[1].running, starting.deployments[1].pending) = (1, 1);
        assert_eq!(candidate(&starting, &successful), Verdict::InProgress, "old tasks run and start");
        let theirs = service(vec![deployment(Primary, "app:9", Completed, 1)]);
        assert!(matches!(candidate(&theirs, &successful), Verdict::Superseded(_)), "ours is over");
        let under_way = [listed(OURS, RolloutStatus::InProgress)];
        assert_eq!(candidate(&done, &under_way), Verdict::InProgress, "stable is not deployed");
        assert_eq!(candidate(&done, &[]), Verdict::InProgress, "not listed yet is pending, not failed");
    }

    #[test]
    fn a_rollback_is_seen_whatever_the_primary_looks_like() {
        let pictures = [
            service(vec![deployment(Primary, OURS, InProgress, 0)]),
            service(vec![deployment(Primary, OLD, InProgress, 1), deployment(Active, OURS, Failed, 0)]),
            service(vec![deployment(Primary, OLD, Completed, 1)]),
        ];
        for status in [
            RolloutStatus::RollbackRequested,
            RolloutStatus::RollbackInProgress,
            RolloutStatus::RollbackSuccessful,
            RolloutStatus::RollbackFailed,
        ] {
            for view in &pictures {
                let verdict = candidate(view, &[listed(OURS, status.clone())]);
                let Verdict::Failed(message) = verdict else { panic!("{status:?}: {verdict:?}") };
                assert!(message.contains("after 3 failed tasks") && message.contains("failed to start"));
            }
        }
    }

    #[test]
    fn a_breaker_without_anywhere_to_go_is_a_failure_listed_or_not() {
        let stalled = service(vec![deployment(Primary, OURS, Failed, 0)]);
        assert_eq!(
            candidate(&stalled, &[]),
            Verdict::Failed("ECS gave the rollout up: as ECS says".to_owned())
        );
        let uncounted = RolloutView { threshold: 0, ..listed(OURS, RolloutStatus::RollbackSuccessful) };
        let told = Verdict::Failed("ECS gave the rollout up: tasks failed to start".to_owned());
        assert_eq!(candidate(&stalled, &[uncounted]), told);
        let under_way = [listed(OURS, RolloutStatus::InProgress)];
        assert!(matches!(candidate(&stalled, &under_way), Verdict::Failed(_)));
    }

    #[test]
    fn somebody_else_is_told_from_a_rollback_and_from_an_old_picture() {
        let theirs = service(vec![deployment(Primary, "app:9", InProgress, 0)]);
        let stopped = [listed(OURS, RolloutStatus::Stopped)];
        let Verdict::Superseded(message) = candidate(&theirs, &stopped) else { panic!() };
        assert!(message.contains("app:9"), "{message}");
        let ours = service(vec![deployment(Primary, OURS, InProgress, 0)]);
        let told = Verdict::Failed("somebody stopped the rollout: as ECS says".to_owned());
        assert_eq!(candidate(&ours, &stopped), told);
        let young = Seen { old_tasks: false, settled: false };
        let before_ours = service(vec![deployment(Primary, OLD, Completed, 1)]);
        assert_eq!(judge(Leg::Candidate, OURS, &before_ours, &[], young), Verdict::InProgress);
        assert!(matches!(candidate(&before_ours, &[]), Verdict::Superseded(_)));
    }

    #[test]
    fn the_way_back_is_judged_by_the_service_since_ecs_may_have_begun_it() {
        let back = |view: &ServiceView| judge(Leg::Restored, OLD, view, &[], SETTLED);
        let done = service(vec![deployment(Primary, OLD, Completed, 1)]);
        assert_eq!(back(&done), Verdict::Succeeded);
        let lingering =
            service(vec![deployment(Primary, OLD, Completed, 1), deployment(Active, OURS, Failed, 0)]);
        assert_eq!(back(&lingering), Verdict::Succeeded, "a failed entry without tasks may linger");
        let under_way = service(vec![deployment(Primary, OLD, InProgress, 1)]);
        assert_eq!(back(&under_way), Verdict::InProgress);
        let theirs = service(vec![deployment(Primary, "app:9", InProgress, 0)]);
        assert!(matches!(back(&theirs), Verdict::Superseded(_)));
    }
}
