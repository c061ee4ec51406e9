//! One entry of a service's `deployments[]`, and how a new one begins.
//!
//! Only the PRIMARY ever starts tasks. A deployment never changes its task definition.

use serde::{Deserialize, Serialize};

use super::revision::settings_of;
use super::service_deployment::ServiceDeploymentStatus;
use super::{
    DeploymentEventName, DeploymentStateChange, Effect, Millis, Service, Step, TaskDefinition, World,
};

/// `status` of a deployment. INACTIVE ones are no longer listed, so there is no such value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeploymentStatus {
    /// The newest.
    Primary,
    /// Being replaced; still listed.
    Active,
}

/// `rolloutState` of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RolloutState {
    /// Not there yet.
    InProgress,
    /// Reached a steady state once.
    Completed,
    /// Given up.
    Failed,
}

/// One entry of `deployments[]`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployment {
    /// `ecs-svc/` and nineteen digits.
    pub id: String,
    /// PRIMARY or ACTIVE.
    pub status: DeploymentStatus,
    /// ARN of its task definition.
    pub task_definition: String,
    /// ARN of its service revision.
    pub revision: String,
    /// ARN of the service deployment it belongs to (a rollback belongs to the one that failed).
    pub service_deployment: String,
    /// When it began.
    pub created_at: Millis,
    /// When anything of it changed last.
    pub updated_at: Millis,
    /// Failed tasks in a row.
    pub failed_tasks: u32,
    /// How far it is.
    pub rollout: RolloutState,
    /// `rolloutStateReason`.
    pub reason: String,
    /// Whether it goes back to an earlier revision.
    pub is_rollback: bool,
    /// No task is started or stopped for it any more.
    pub frozen: bool,
    /// Becomes FAILED with this reason once its last task has stopped.
    pub will_fail: Option<String>,
    /// When it became FAILED.
    pub failed_at: Option<Millis>,
    /// Not before this may it start another task.
    pub next_launch_at: Millis,
    /// Tasks lost in a row, whatever the reason: what the waiting time grows with.
    pub losses: u32,
}

impl Deployment {
    pub(crate) fn begun(
        id: String,
        of: &TaskDefinition,
        revision: String,
        service_deployment: String,
        now: Millis,
    ) -> Self {
        Self {
            reason: in_progress(&id),
            id,
            status: DeploymentStatus::Primary,
            task_definition: of.arn.clone(),
            revision,
            service_deployment,
            created_at: now,
            updated_at: now,
            failed_tasks: 0,
            rollout: RolloutState::InProgress,
            is_rollback: false,
            frozen: false,
            will_fail: None,
            failed_at: None,
            next_launch_at: now,
            losses: 0,
        }
    }

    pub(crate) fn fail(&mut self, now: Millis, reason: &str) {
        self.rollout = RolloutState::Failed;
        reason.clone_into(&mut self.reason);
        self.failed_at = Some(now);
        self.updated_at = now;
    }
}

/// `rolloutStateReason` of a rollout under way.
pub(crate) fn in_progress(id: &str) -> String {
    format!("ECS deployment {id} in progress.")
}

/// `rolloutStateReason` of a finished rollout.
pub(crate) fn completed(id: &str) -> String {
    format!("ECS deployment {id} completed.")
}

impl World {
    /// Makes a new deployment of `definition` the service's PRIMARY, with its service deployment and revision.
    pub(crate) fn begin_deployment(
        &mut self,
        step: Step<'_>,
        service: &mut Service,
        definition: &TaskDefinition,
    ) {
        let number = self.ids.deployment_number();
        let id = format!("ecs-svc/{number}");
        let source = self.serving_revisions(service);
        let revision = self.create_revision(step, service, definition, &number, settings_of(service));
        self.supersede(step.now, service);
        let service_deployment = self.create_service_deployment(step, service, &id, &revision, source);
        let deployment =
            Deployment::begun(id.clone(), definition, revision, service_deployment.clone(), step.now);
        let reason = deployment.reason.clone();
        service.deployments.insert(0, deployment);
        service.task_definition.clone_from(&definition.arn);
        service.previous_service_deployment = service.current_service_deployment.replace(service_deployment);
        service.steady = false;
        self.announce(step.now, service, DeploymentEventName::InProgress, &id, reason);
    }

    /// The present PRIMARY gives way; a service deployment still under way is asked to stop.
    fn supersede(&mut self, now: Millis, service: &mut Service) {
        for deployment in &mut service.deployments {
            if deployment.status == DeploymentStatus::Primary {
                deployment.status = DeploymentStatus::Active;
                deployment.updated_at = now;
            }
        }
        for older in self.service_deployments.values_mut().filter(|older| older.service_arn == service.arn) {
            if !older.status.is_terminal() {
                older.set_status(now, ServiceDeploymentStatus::StopRequested);
                older.status_reason = Some("A newer service deployment was started.".to_owned());
            }
        }
    }

    pub(crate) fn announce(
        &mut self,
        now: Millis,
        service: &Service,
        name: DeploymentEventName,
        deployment_id: &str,
        reason: String,
    ) {
        let change = DeploymentStateChange {
            id: self.ids.uuid(),
            service_arn: service.arn.clone(),
            name,
            deployment_id: deployment_id.to_owned(),
            at: now,
            reason,
        };
        self.effects.push(Effect::Announce(change));
    }
}
