//! Hints from ECS through EventBridge: wake the deployment that is under way in that service. What the event
//! says is not believed; the service is read again. A hint never starts a chain of wake-ups of its own.

use lockstep_events::EcsDeploymentStateChange;

use super::drive::Arrival;
use super::{Disposition, Engine, EngineError};

impl Engine {
    pub(super) async fn hint(&self, change: &EcsDeploymentStateChange) -> Result<Disposition, EngineError> {
        let Some((cluster, service)) = change.service_arn().and_then(names) else {
            tracing::warn!(event.id = %change.id, "an ECS event names no service: dropped");
            return Ok(Disposition::Done);
        };
        for (application, environment) in self.world.environments() {
            let Some(place) = self.world.place(&application, &environment) else { continue };
            let ours = place.environment.cluster == cluster
                && (place.environment.service == service
                    || place.database().is_some_and(|database| database.service == service));
            if !ours {
                continue;
            }
            let view = self.world.store.environment(&application, &environment).await?;
            if let Some(holder) = view.lock.holder {
                let arrival = Arrival { number: None, takeover_of: None, keeps_chain: false };
                return self.drive(holder, arrival).await;
            }
        }
        Ok(Disposition::Done)
    }
}

/// Cluster and service of `arn:aws:ecs:{region}:{account}:service/{cluster}/{service}`.
fn names(arn: &str) -> Option<(&str, &str)> {
    arn.rsplit(':').next()?.strip_prefix("service/")?.split_once('/')
}
