//! The deployment circuit breaker, and going back to the last completed rollout.
//!
//! Sources: "How the Amazon ECS deployment circuit breaker detects failures"; the texts and the order of events
//! are those of recorded rollbacks. The breaker only watches a PRIMARY that is IN_PROGRESS.

use super::deployment::Deployment;
use super::service_deployment::{BreakerStatus, Rollback, ServiceDeploymentStatus};
use super::{DeploymentEventName, DeploymentStatus, RolloutState, Service, Step, World};
use crate::knobs::{BreakerWithoutTarget, RollbackPrimary};

const TASKS_FAILED: &str = "ECS deployment circuit breaker: tasks failed to start.";
const THRESHOLD_EXCEEDED: &str =
    "Service deployment rolled back because the circuit breaker threshold was exceeded.";
const NO_CANDIDATE: &str = "No rollback candidate was found to run the rollback.";

/// Who asked for a rollback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RollbackCause {
    /// The circuit breaker.
    Breaker,
    /// StopServiceDeployment.
    Request,
}

impl World {
    /// Trips the breaker if the PRIMARY has too many failed tasks.
    pub(crate) fn check_breaker(&mut self, step: Step<'_>, service: &mut Service) {
        let rules = service.rules();
        let threshold = rules.failure_threshold(service.desired_count);
        let Some(primary) = service.primary().cloned() else { return };
        let watched = rules.breaker && primary.rollout == RolloutState::InProgress && !primary.frozen;
        if !watched || primary.failed_tasks < threshold {
            return;
        }
        if let Some(record) = self.service_deployments.get_mut(&primary.service_deployment) {
            record.breaker = BreakerStatus::Triggered;
            record.failure_count = record.failure_count.max(primary.failed_tasks);
            record.updated_at = step.now;
        }
        let can_go_back = service.last_completed.is_some() && !primary.is_rollback;
        if rules.rollback && can_go_back {
            self.declare_failed(step, service, &primary.id);
            self.roll_back(step, service, RollbackCause::Breaker);
        } else if rules.rollback && !primary.is_rollback {
            self.give_up_without_target(step, service, &primary);
        } else {
            let (status, reason) = if primary.is_rollback {
                (ServiceDeploymentStatus::RollbackFailed, "The rollback failed: its tasks failed to start.")
            } else {
                (ServiceDeploymentStatus::Stopped, TASKS_FAILED)
            };
            self.give_up(step, service, &primary, status, reason);
        }
    }

    /// There is no COMPLETED rollout to go back to.
    fn give_up_without_target(&mut self, step: Step<'_>, service: &mut Service, primary: &Deployment) {
        match step.knobs.breaker_without_target {
            BreakerWithoutTarget::Stalls => {
                self.declare_failed(step, service, &primary.id);
                if let Some(primary) = service.primary_mut() {
                    primary.frozen = true;
                    primary.fail(step.now, TASKS_FAILED);
                }
            }
            BreakerWithoutTarget::StallsSilently => {
                if let Some(primary) = service.primary_mut() {
                    primary.frozen = true;
                    primary.updated_at = step.now;
                }
            }
            BreakerWithoutTarget::FailsDeployment => {
                self.give_up(step, service, primary, ServiceDeploymentStatus::RollbackFailed, NO_CANDIDATE);
            }
        }
    }

    /// The PRIMARY stays, FAILED; nothing is started or stopped any more.
    fn give_up(
        &mut self,
        step: Step<'_>,
        service: &mut Service,
        primary: &Deployment,
        status: ServiceDeploymentStatus,
        reason: &str,
    ) {
        self.declare_failed(step, service, &primary.id);
        if let Some(record) = self.service_deployments.get_mut(&primary.service_deployment) {
            record.set_status(step.now, status);
            record.status_reason = Some(reason.to_owned());
        }
        if let Some(primary) = service.primary_mut() {
            primary.frozen = true;
            primary.fail(step.now, TASKS_FAILED);
        }
    }

    fn declare_failed(&mut self, step: Step<'_>, service: &mut Service, deployment_id: &str) {
        let text = format!("(deployment {deployment_id}) deployment failed: tasks failed to start.");
        service.note(&mut self.ids, step.now, &text);
        self.announce(step.now, service, DeploymentEventName::Failed, deployment_id, TASKS_FAILED.to_owned());
    }

    /// Makes the last completed rollout the PRIMARY again, within the service deployment that failed.
    /// Does nothing without one.
    pub(crate) fn roll_back(&mut self, step: Step<'_>, service: &mut Service, cause: RollbackCause) {
        let Some(target) = service.last_completed.clone() else { return };
        let Some(definition) = self.task_definitions.get(&target.task_definition).cloned() else { return };
        let Some(failing) = service.primary_mut() else { return };
        failing.status = DeploymentStatus::Active;
        failing.updated_at = step.now;
        failing.will_fail = Some(match cause {
            RollbackCause::Breaker => TASKS_FAILED.to_owned(),
            RollbackCause::Request => format!("ECS deployment {} stopped.", failing.id),
        });
        let service_deployment = failing.service_deployment.clone();
        let failing_id = failing.id.clone();

        let id = match step.knobs.rollback_primary {
            RollbackPrimary::OldId => target.deployment_id.clone(),
            RollbackPrimary::NewId => format!("ecs-svc/{}", self.ids.deployment_number()),
        };
        let listed =
            service.deployments.iter().position(|deployment| deployment.id == id && id != failing_id);
        let mut primary = match listed {
            Some(at) => service.deployments.remove(at),
            None => Deployment::begun(
                id.clone(),
                &definition,
                target.revision.clone(),
                service_deployment.clone(),
                step.now,
            ),
        };
        primary.status = DeploymentStatus::Primary;
        primary.rollout = RolloutState::InProgress;
        primary.is_rollback = true;
        primary.failed_tasks = 0;
        primary.updated_at = step.now;
        primary.service_deployment.clone_from(&service_deployment);
        if cause == RollbackCause::Breaker {
            primary.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {id}.");
        } else {
            primary.reason = super::deployment::in_progress(&id);
        }
        let reason = primary.reason.clone();
        service.deployments.insert(0, primary);
        service.task_definition.clone_from(&target.task_definition);
        service.steady = false;

        let why = match cause {
            RollbackCause::Breaker => THRESHOLD_EXCEEDED,
            RollbackCause::Request => "Service deployment rolled back because of a user request.",
        };
        if let Some(record) = self.service_deployments.get_mut(&service_deployment) {
            record.set_status(step.now, ServiceDeploymentStatus::RollbackInProgress);
            record.status_reason = Some(why.to_owned());
            record.rollback = Some(Rollback {
                reason: why.to_owned(),
                started_at: step.now,
                revision: target.revision.clone(),
            });
        }
        service.note(&mut self.ids, step.now, &format!("rolling back to deployment {id}."));
        self.announce(step.now, service, DeploymentEventName::InProgress, &id, reason);
    }
}
