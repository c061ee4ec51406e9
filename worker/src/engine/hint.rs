//! Hints: ECS's events through EventBridge, and the build workflow's message that it has ended. They wake the
//! deployment that waits for that, at once. What they say is not believed: the service and the run are read
//! again. A hint that is known to be old costs no look, and none starts a chain of wake-ups of its own.

use lockstep_events::{BuildFinished, EcsDeploymentEventName, EcsDeploymentStateChange};
use lockstep_state_machines::{RolloutNews, RolloutSays};

use super::drive::Arrival;
use super::{Disposition, Engine, EngineError};
use crate::world::Place;

impl Engine {
    pub(super) async fn service_changed(
        &self,
        change: &EcsDeploymentStateChange,
    ) -> Result<Disposition, EngineError> {
        let Some((cluster, service)) = change.service_arn().and_then(names) else {
            tracing::warn!(event.id = %change.id, "an ECS event names no service: dropped");
            return Ok(Disposition::Done);
        };
        for (application, environment) in self.world.environments() {
            let Some(place) = self.world.place(&application, &environment) else { continue };
            let Some(of_database) = whose(&place, cluster, service) else { continue };
            let view = self.world.store.environment(&application, &environment).await?;
            let Some(holder) = view.lock.holder else { continue };
            let Some(newest) = self.world.store.newest(holder).await? else { continue };
            let news = RolloutNews { of_database, rollout: change.rollout(), says: says(change) };
            let lag = self.world.settings.lease.try_into().unwrap_or(jiff::SignedDuration::ZERO);
            if self.restore(&newest)?.heeds_rollout(&news, lag, self.world.clock.now()) {
                return self.drive_from(newest, Arrival::hint()).await;
            }
            tracing::debug!(
                deployment.id = %holder, state = %newest.to, event.id = %change.id,
                rollout = news.rollout, "an ECS event that tells nothing new: no look"
            );
        }
        Ok(Disposition::Done)
    }

    pub(super) async fn build_finished(&self, build: &BuildFinished) -> Result<Disposition, EngineError> {
        let Some(newest) = self.world.store.newest(build.id).await? else {
            tracing::warn!(deployment.id = %build.id, "a build has ended for a deployment that has no record: dropped");
            return Ok(Disposition::Done);
        };
        if newest.terminal || !self.restore(&newest)?.heeds_build(build.workflow_run_id) {
            tracing::debug!(
                deployment.id = %build.id, state = %newest.to, run = build.workflow_run_id,
                "the end of a build that is not waited for: no look"
            );
            return Ok(Disposition::Done);
        }
        self.drive_from(newest, Arrival::hint()).await
    }
}

/// Whether the service is the environment's database, or else its application; `None` if it is neither.
fn whose(place: &Place<'_>, cluster: &str, service: &str) -> Option<bool> {
    if place.environment.cluster != cluster {
        return None;
    }
    if place.environment.service == service {
        return Some(false);
    }
    place.database().filter(|database| database.service == service).map(|_| true)
}

fn says(change: &EcsDeploymentStateChange) -> RolloutSays {
    match change.detail.event_name {
        EcsDeploymentEventName::InProgress => RolloutSays::UnderWay,
        EcsDeploymentEventName::Completed | EcsDeploymentEventName::Failed => RolloutSays::Ended,
        EcsDeploymentEventName::Other(_) => RolloutSays::Unknown,
    }
}

/// Cluster and service of `arn:aws:ecs:{region}:{account}:service/{cluster}/{service}`.
fn names(arn: &str) -> Option<(&str, &str)> {
    arn.rsplit(':').next()?.strip_prefix("service/")?.split_once('/')
}
