//! Rolling out a revision.
//!
//! A repeat is recognised by the revision, which belongs to one leg of one deployment: a service whose
//! PRIMARY is at it, or any rollout since the intent that targets it, in whatever state, is ours and is
//! adopted. The update is never forced, so sending it twice starts one rollout. A service that somebody else
//! has changed since it was inspected is never updated over their change.

use lockstep_state_machines::{Leg, RolloutOutcome, StartOutcome};

use super::verdict::{Seen, Verdict, judge};
use super::{EffectError, Scene, evidence, seen};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{RolloutStatus, ServiceRef, ServiceView, UpdateService};

pub(super) async fn start(
    leg: Leg,
    task_definition: &str,
    desired: Option<u32>,
    scene: &Scene<'_>,
) -> Result<StartOutcome, EffectError> {
    let cluster = &scene.world.cluster;
    let service = service_of(leg, scene)?;
    let view = view(&service, scene).await?;
    // A service that runs keeps the number of tasks that its autoscaling gave it; only one that was drained,
    // or was found at zero, is told how many.
    let told = scene.deployment().makes_fresh_database() || view.desired == 0;
    let desired = desired.filter(|_| told);
    if let Some(primary) = view.primary()
        && primary.task_definition == task_definition
        && desired.is_none_or(|desired| desired == view.desired)
        && (leg != Leg::Restored || rolls_back_itself(&service, scene).await?)
    {
        return Ok(StartOutcome::Started { rollout: primary.id.clone(), adopted: true, replaced: None });
    }
    // A revision of our own that is no longer PRIMARY was rolled out and given up: that is this rollout's
    // verdict, not a reason to roll it out again.
    if scene.resumed && leg != Leg::Restored {
        let rollouts = seen(cluster.rollouts(&service, scene.machine.since()).await)?;
        if let Some(rollout) = rollouts.iter().find(|rollout| rollout.task_definition == task_definition) {
            return Ok(StartOutcome::Started { rollout: rollout.arn.clone(), adopted: true, replaced: None });
        }
    }
    if let Some(message) = foreign(&view, leg.is_database(), scene) {
        return Ok(StartOutcome::Foreign { message });
    }
    let update = UpdateService { task_definition: Some(task_definition.to_owned()), desired };
    let sent = cluster.update(&service, &update);
    let answer = scene.permit.send(Service::Ecs, "UpdateService", sent).await?;
    if answer.task_definition != task_definition {
        let message = format!(
            "UpdateService was answered with PRIMARY at {} instead of {task_definition}",
            answer.task_definition
        );
        return Err(Fault::new(Service::Ecs, "UpdateService", FaultKind::Unintelligible, message).into());
    }
    let replaced = view.primary().map(|before| before.id.clone()).filter(|before| *before != answer.primary);
    Ok(StartOutcome::Started { rollout: answer.primary, adopted: false, replaced })
}

pub(super) async fn follow(
    leg: Leg,
    task_definition: &str,
    scene: &Scene<'_>,
) -> Result<RolloutOutcome, EffectError> {
    let cluster = &scene.world.cluster;
    let service = service_of(leg, scene)?;
    let view = view(&service, scene).await?;
    let rollouts = if leg == Leg::Restored {
        Vec::new()
    } else {
        seen(cluster.rollouts(&service, window(scene)).await)?
    };
    let settled = scene.is_settled();
    let first = judge(leg, task_definition, &view, &rollouts, Seen { old_tasks: false, settled });
    if first == Verdict::InProgress && !scene.is_last_look() {
        return Ok(RolloutOutcome::InProgress { evidence: evidence::collect(&view, &[], task_definition) });
    }
    let tasks = seen(cluster.tasks(&service).await)?;
    let old_tasks =
        tasks.iter().any(|task| task.status != "STOPPED" && task.task_definition != task_definition);
    let evidence = evidence::collect(&view, &tasks, task_definition);
    Ok(match judge(leg, task_definition, &view, &rollouts, Seen { old_tasks, settled }) {
        Verdict::Succeeded => RolloutOutcome::Succeeded,
        Verdict::InProgress => RolloutOutcome::InProgress { evidence },
        Verdict::Failed(message) => {
            RolloutOutcome::Failed { message: format!("{}: {message}", leg.in_words()), evidence }
        }
        Verdict::Superseded(message) => RolloutOutcome::Superseded { message },
    })
}

/// Who else has changed the service since it was inspected, in words. What this deployment may find there is
/// what it found first, what it registered itself, and the last healthy release (a read that lags behind may
/// have shown an older picture when it was inspected).
pub(super) fn foreign(view: &ServiceView, database: bool, scene: &Scene<'_>) -> Option<String> {
    let (deployment, found) = (scene.deployment(), &view.primary()?.task_definition);
    let inspection = deployment.inspection.as_ref()?;
    let base = if database { inspection.database_base.as_ref() } else { Some(&inspection.base) };
    let previous = inspection.previous.as_ref().map(|previous| &previous.task_definition);
    let mut expected = base.into_iter().chain(previous).chain(deployment.revisions.values());
    if expected.any(|known| known == found) {
        return None;
    }
    let base = base.map_or("another", String::as_str);
    Some(format!(
        "somebody else has put {} on {found} since this deployment found it on {base}: that is left in place; deploy again once it is settled who deploys there",
        view.arn.rsplit('/').next().unwrap_or(&view.arn)
    ))
}

/// Whether ECS itself is going back (or has gone back) from the candidate. Only then does a PRIMARY at the
/// last healthy definition mean that the way back has begun: else it may be a picture from before the
/// candidate's update, and the (unforced) update is sent.
async fn rolls_back_itself(service: &ServiceRef, scene: &Scene<'_>) -> Result<bool, EffectError> {
    let Some(candidate) = scene.deployment().revisions.get(&Leg::Candidate) else { return Ok(false) };
    let rollouts = seen(scene.world.cluster.rollouts(service, window(scene)).await)?;
    Ok(rollouts.iter().any(|rollout| {
        &rollout.task_definition == candidate
            && matches!(rollout.status, RolloutStatus::RollbackInProgress | RolloutStatus::RollbackSuccessful)
    }))
}

/// Since when rollouts of this deployment may have been created: the longest that its states that lead here
/// may have taken.
pub(super) fn window(scene: &Scene<'_>) -> jiff::Timestamp {
    let deadlines = &scene.world.policy.deadlines;
    let longest = deadlines.action.saturating_add(deadlines.rollout).saturating_add(deadlines.readiness);
    scene.machine.since().checked_sub(longest).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn service_of(leg: Leg, scene: &Scene<'_>) -> Result<ServiceRef, EffectError> {
    if !leg.is_database() {
        return Ok(scene.place.service());
    }
    scene.place.database().ok_or_else(|| {
        let message = format!(
            "the deployment resets a database, but {} has none configured any more: restore `database` in the configuration",
            scene.place.environment_name
        );
        EffectError::Fault(Fault::new(Service::Ecs, "DescribeServices", FaultKind::Refused, message))
    })
}

async fn view(service: &ServiceRef, scene: &Scene<'_>) -> Result<ServiceView, EffectError> {
    seen(scene.world.cluster.service(service).await)?.ok_or_else(|| {
        let message = format!("the service {} is gone: somebody deleted it", service.service);
        EffectError::Fault(Fault::new(Service::Ecs, "DescribeServices", FaultKind::NotFound, message))
    })
}
