//! Stopping the application's tasks before its database is replaced, so that no old task migrates the
//! fresh one. Setting the desired count to zero converges: a repeat changes nothing. A service that somebody
//! else has changed since it was inspected is left as it is.

use lockstep_state_machines::DrainOutcome;

use super::{EffectError, Scene, rollout, seen};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{ServiceView, UpdateService};

pub(super) async fn drain(scene: &Scene<'_>) -> Result<DrainOutcome, EffectError> {
    let update = UpdateService { task_definition: None, desired: Some(0) };
    let service = scene.place.service();
    if let Some(message) = rollout::foreign(&self::service(scene).await?, false, scene) {
        return Ok(DrainOutcome::Foreign { message });
    }
    let sent = scene.world.cluster.update(&service, &update);
    scene.permit.send(Service::Ecs, "UpdateService", sent).await?;
    Ok(DrainOutcome::Requested)
}

pub(super) async fn follow(scene: &Scene<'_>) -> Result<DrainOutcome, EffectError> {
    let view = service(scene).await?;
    if view.desired > 0 && !scene.is_settled() {
        return Ok(DrainOutcome::Running);
    }
    if view.desired > 0 {
        return Ok(DrainOutcome::Reverted {
            message: format!(
                "{} should run no task while its database is replaced, but somebody set it to {}",
                scene.place.environment.service, view.desired
            ),
        });
    }
    let tasks = seen(scene.world.cluster.tasks(&scene.place.service()).await)?;
    // Both are asked: the service's numbers and the listing of its tasks may lag, and not by the same time.
    let stopped = view.running == 0 && view.pending == 0 && tasks.iter().all(|task| task.status == "STOPPED");
    Ok(if stopped { DrainOutcome::Drained } else { DrainOutcome::Running })
}

async fn service(scene: &Scene<'_>) -> Result<ServiceView, EffectError> {
    let service = scene.place.service();
    seen(scene.world.cluster.service(&service).await)?.ok_or_else(|| {
        let message = format!("the service {} is gone: somebody deleted it", service.service);
        EffectError::Fault(Fault::new(Service::Ecs, "DescribeServices", FaultKind::NotFound, message))
    })
}
