//! Services: DescribeServices and UpdateService. Must never force a new deployment: ECS has no client token
//! for it, so a repeat would deploy twice.

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, Service};

use super::answers::{absent, count, required};
use super::cluster::EcsCluster;
use crate::faults::aws::classify;
use crate::faults::{self, Fault, FaultKind};
use crate::ports::{
    Answer, CircuitBreaker, DeploymentStatus, DeploymentView, RolloutState, ServiceEvent, ServiceRef,
    ServiceView, UpdateAnswer, UpdateService,
};

const DESCRIBE: &str = "DescribeServices";
const UPDATE: &str = "UpdateService";

/// ECS sends up to 100 events, newest first; these tell enough.
const EVENTS: usize = 20;

/// What a service has that was created without these settings (API reference: DeploymentConfiguration, for
/// the rolling update of a REPLICA service).
const MINIMUM_HEALTHY_PERCENT: u32 = 100;
const MAXIMUM_PERCENT: u32 = 200;

impl EcsCluster {
    pub(super) async fn describe_service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>> {
        self.described_service(service).await?.as_ref().map(view).transpose()
    }

    /// A service as ECS describes it; `None` when there is none or it is INACTIVE.
    pub(super) async fn described_service(&self, service: &ServiceRef) -> Answer<Option<Service>> {
        let answer = self
            .client
            .describe_services()
            .cluster(&service.cluster)
            .services(&service.service)
            .send()
            .await
            .map_err(|error| classify(faults::Service::Ecs, DESCRIBE, &error))?;
        if let Some(found) = answer.services().first() {
            return Ok(Some(found.clone()).filter(|found| found.status() != Some("INACTIVE")));
        }
        match answer.failures().first() {
            // An answer with neither is the same news in another form.
            None => Ok(None),
            Some(failure) if failure.reason() == Some("MISSING") => Ok(None),
            Some(failure) => {
                let reason = failure.reason().unwrap_or("no reason given");
                let message = format!("service {} was not described: {reason}", service.service);
                Err(Fault::new(faults::Service::Ecs, DESCRIBE, FaultKind::Refused, message))
            }
        }
    }

    pub(super) async fn update_service(
        &self,
        service: &ServiceRef,
        update: &UpdateService,
    ) -> Answer<UpdateAnswer> {
        let desired = update.desired.map(|desired| i32::try_from(desired).unwrap_or(i32::MAX));
        let answer = self
            .client
            .update_service()
            .cluster(&service.cluster)
            .service(&service.service)
            .set_task_definition(update.task_definition.clone())
            .set_desired_count(desired)
            .send()
            .await
            .map_err(|error| classify(faults::Service::Ecs, UPDATE, &error))?;
        let updated = required(UPDATE, "service", answer.service())?;
        let primary = updated.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        let primary = primary.ok_or_else(|| absent(UPDATE, "PRIMARY deployment"))?;
        Ok(UpdateAnswer {
            primary: required(UPDATE, "deployments[].id", primary.id())?.to_owned(),
            task_definition: required(UPDATE, "deployments[].taskDefinition", primary.task_definition())?
                .to_owned(),
        })
    }
}

/// What a deployment sees of a service.
pub(super) fn view(service: &Service) -> Answer<ServiceView> {
    let mut deployments: Vec<DeploymentView> =
        service.deployments().iter().map(deployment).collect::<Answer<_>>()?;
    // Stable: the others keep ECS's order.
    deployments.sort_by_key(|deployment| deployment.status != DeploymentStatus::Primary);
    let configuration = service.deployment_configuration();
    let breaker = configuration
        .and_then(|configuration| configuration.deployment_circuit_breaker())
        .map(|breaker| CircuitBreaker { enable: breaker.enable(), rollback: breaker.rollback() });
    Ok(ServiceView {
        arn: required(DESCRIBE, "services[].serviceArn", service.service_arn())?.to_owned(),
        status: required(DESCRIBE, "services[].status", service.status())?.to_owned(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        pending: count(service.pending_count()),
        deployments,
        events: service.events().iter().take(EVENTS).map(event).collect(),
        circuit_breaker: breaker.unwrap_or_default(),
        minimum_healthy_percent: configuration
            .and_then(|configuration| configuration.minimum_healthy_percent())
            .map_or(MINIMUM_HEALTHY_PERCENT, count),
        maximum_percent: configuration
            .and_then(|configuration| configuration.maximum_percent())
            .map_or(MAXIMUM_PERCENT, count),
    })
}

fn deployment(deployment: &Deployment) -> Answer<DeploymentView> {
    let status = match required(DESCRIBE, "deployments[].status", deployment.status())? {
        "PRIMARY" => DeploymentStatus::Primary,
        "ACTIVE" => DeploymentStatus::Active,
        "INACTIVE" => DeploymentStatus::Inactive,
        other => {
            let message = format!("deployments[].status is {other:?}; expected PRIMARY, ACTIVE or INACTIVE");
            return Err(Fault::new(faults::Service::Ecs, DESCRIBE, FaultKind::Unintelligible, message));
        }
    };
    let rollout = match deployment.rollout_state() {
        Some(DeploymentRolloutState::Completed) => RolloutState::Completed,
        Some(DeploymentRolloutState::Failed) => RolloutState::Failed,
        _ => RolloutState::InProgress,
    };
    Ok(DeploymentView {
        id: required(DESCRIBE, "deployments[].id", deployment.id())?.to_owned(),
        status,
        task_definition: required(DESCRIBE, "deployments[].taskDefinition", deployment.task_definition())?
            .to_owned(),
        rollout,
        rollout_reason: deployment.rollout_state_reason().unwrap_or_default().to_owned(),
        desired: count(deployment.desired_count()),
        running: count(deployment.running_count()),
        pending: count(deployment.pending_count()),
    })
}

fn event(event: &aws_sdk_ecs::types::ServiceEvent) -> ServiceEvent {
    ServiceEvent { message: event.message().unwrap_or_default().to_owned() }
}
