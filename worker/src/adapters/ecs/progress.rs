//! How far a rollout is: DescribeServices, read for somebody who watches. Must change nothing.

use async_trait::async_trait;
use aws_sdk_ecs::types::{Deployment, Service, ServiceEvent};

use super::answers::{count, required, timestamp};
use super::cluster::EcsCluster;
use crate::ports::{Answer, Progress, ProgressEvent, RevisionProgress, ServiceProgress, ServiceRef};

const DESCRIBE: &str = "DescribeServices";

/// ECS sends up to 100 events, newest first; a rollout that goes wrong says the same again and again.
const EVENTS: usize = 20;

#[async_trait]
impl Progress for EcsCluster {
    async fn progress(&self, service: &ServiceRef) -> Answer<Option<ServiceProgress>> {
        self.described_service(service).await?.as_ref().map(view).transpose()
    }
}

fn view(service: &Service) -> Answer<ServiceProgress> {
    let listed = service.deployments().iter();
    let mut revisions: Vec<_> =
        listed.map(|one| Ok((one.status(), revision(one)?))).collect::<Answer<_>>()?;
    // Stable: the others keep ECS's order.
    revisions.sort_by_key(|(status, _)| *status != Some("PRIMARY"));
    Ok(ServiceProgress {
        revisions: revisions.into_iter().map(|(_, revision)| revision).collect(),
        events: service.events().iter().take(EVENTS).map(event).collect::<Answer<_>>()?,
    })
}

fn revision(deployment: &Deployment) -> Answer<RevisionProgress> {
    Ok(RevisionProgress {
        task_definition: required(DESCRIBE, "deployments[].taskDefinition", deployment.task_definition())?
            .to_owned(),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        pending: count(deployment.pending_count()),
        failed: count(deployment.failed_tasks()),
    })
}

fn event(event: &ServiceEvent) -> Answer<ProgressEvent> {
    let at = required(DESCRIBE, "events[].createdAt", event.created_at())?;
    Ok(ProgressEvent {
        id: required(DESCRIBE, "events[].id", event.id())?.to_owned(),
        at: timestamp(DESCRIBE, "events[].createdAt", at)?,
        message: event.message().unwrap_or_default().to_owned(),
    })
}
