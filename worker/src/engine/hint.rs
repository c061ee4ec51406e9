//! Hints: ECS's events through EventBridge, and the build workflow's message that it has ended. They wake the
//! deployment that waits for that, at once. What they say is not believed: the service and the run are read
//! again. A hint that is known to be old costs no look, and none starts a chain of wake-ups beside the one that there is. One
//! that comes before anything is to be seen has the next looks come soon, and further ones wait their turn.

use lockstep_events::{BuildFinished, EcsDeploymentEventName, EcsDeploymentStateChange};
use lockstep_state_machines::{RolloutNews, RolloutSays};

use super::drive::Arrival;
use super::{Disposition, Engine, EngineError};
use crate::ports::Recorded;
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
            let (machine, now) = (self.restore(&newest)?, self.world.clock.now());
            if machine.heeds_rollout(&news, lag, now) && machine.is_open_to_news(now, &self.world.policy) {
                let arrival = Arrival::hint(&newest);
                return self.drive_from(newest, arrival).await;
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
        let machine = self.restore(&newest)?;
        let open = machine.is_open_to_news(self.world.clock.now(), &self.world.policy);
        if newest.terminal || !machine.heeds_build(build.workflow_run_id) || !open {
            tracing::debug!(
                deployment.id = %build.id, state = %newest.to, run = build.workflow_run_id,
                "the end of a build that is not waited for: no look"
            );
            return Ok(Disposition::Done);
        }
        let arrival = Arrival::hint(&newest);
        self.drive_from(newest, arrival).await
    }

    /// Has the next looks come soon: a hint was looked after, and nothing of what it says is to be seen yet. The chain goes on
    /// under the next number, so the message that would have come late is stale; when the hint came is on record, so of many
    /// hints one does this.
    pub(super) async fn look_again_soon(&self, newest: &Recorded) -> Result<(), EngineError> {
        let id = newest.id;
        // Whoever handled the same hint meanwhile has sent the message already. Of those who still come here at once, at most
        // as many as handle messages at once, each sends one under the same number, and the next number ends them all.
        let current = self.world.store.newest(id).await?;
        if newest.claim.is_some() || current.is_none_or(|current| current.seq != newest.seq) {
            return Ok(());
        }
        let (mut machine, now) = (self.restore(newest)?, self.world.clock.now());
        let transition = machine.news_came_early(now);
        let wake = newest.wake.saturating_add(1);
        self.send_wake(id, wake, None, machine.pause(now, &self.world.policy).unsigned_abs()).await?;
        // Lost to somebody else's item, the look is theirs to repeat.
        self.commit(&machine, newest, &transition, wake, None, now).await?;
        Ok(())
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
