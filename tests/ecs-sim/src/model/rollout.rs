//! When a rollout is finished, when an old deployment leaves the list, when a service is steady.
//!
//! Starts and stops nothing.

use super::deployment::completed;
use super::service::CompletedRollout;
use super::service_deployment::ServiceDeploymentStatus;
use super::{DeploymentEventName, DeploymentStatus, RolloutState, Service, Step, World};

impl World {
    /// Marks the PRIMARY COMPLETED once it runs what is wanted and nothing else runs.
    pub(crate) fn check_completion(&mut self, step: Step<'_>, service: &mut Service) {
        let desired = service.desired_count as usize;
        let older = self.has_older_tasks(service);
        let Some(primary) = service.primary() else { return };
        let resolved = self.revisions.get(&primary.revision).is_some_and(|revision| revision.resolved);
        if primary.frozen || !resolved || older {
            return;
        }
        let mut live = 0;
        let mut settled = 0;
        for task in
            self.tasks_of(&service.arn).filter(|task| task.deployment_id == primary.id && task.is_live())
        {
            live += 1;
            settled += usize::from(task.is_serving() && task.steady);
        }
        if live != desired || settled != desired {
            return;
        }
        if primary.rollout == RolloutState::InProgress {
            self.complete(step, service);
        }
        if !service.steady {
            service.steady = true;
            service.note(&mut self.ids, step.now, "has reached a steady state.");
        }
    }

    fn complete(&mut self, step: Step<'_>, service: &mut Service) {
        let Some(primary) = service.primary_mut() else { return };
        primary.rollout = RolloutState::Completed;
        primary.reason = completed(&primary.id);
        primary.updated_at = step.now;
        let primary = primary.clone();
        service.last_completed = Some(CompletedRollout {
            deployment_id: primary.id.clone(),
            revision: primary.revision.clone(),
            task_definition: primary.task_definition.clone(),
        });
        self.refresh_service_deployment(service, &primary);
        if let Some(record) = self.service_deployments.get_mut(&primary.service_deployment)
            && !record.status.is_terminal()
        {
            let status = if primary.is_rollback {
                ServiceDeploymentStatus::RollbackSuccessful
            } else {
                ServiceDeploymentStatus::Successful
            };
            record.set_status(step.now, status);
        }
        service.note(&mut self.ids, step.now, &format!("(deployment {}) deployment completed.", primary.id));
        self.announce(step.now, service, DeploymentEventName::Completed, &primary.id, primary.reason.clone());
    }

    /// Replaced deployments become FAILED where that is due, and leave the list once nothing of them runs.
    pub(crate) fn retire_deployments(&mut self, step: Step<'_>, service: &mut Service) {
        let mut kept = Vec::new();
        for mut deployment in std::mem::take(&mut service.deployments) {
            if deployment.status == DeploymentStatus::Primary || self.has_live_tasks(service, &deployment) {
                kept.push(deployment);
                continue;
            }
            if let Some(reason) = deployment.will_fail.take() {
                deployment.fail(step.now, &reason);
            }
            let shown_until = deployment.failed_at.map_or(0, |at| at + step.knobs.deployments_keep_failed_ms);
            if step.now < shown_until {
                kept.push(deployment);
            }
        }
        service.deployments = kept;
    }

    /// Service deployments that were told to stop are STOPPED once their own tasks are gone.
    pub(crate) fn finish_stopped(&mut self, step: Step<'_>, service: &Service) {
        let stopping: Vec<String> = self
            .service_deployments
            .values()
            .filter(|record| {
                record.service_arn == service.arn && record.status == ServiceDeploymentStatus::StopRequested
            })
            .filter(|record| {
                let mut own = service
                    .deployments
                    .iter()
                    .filter(|deployment| deployment.service_deployment == record.arn);
                record.aborted || !own.any(|deployment| self.has_live_tasks(service, deployment))
            })
            .map(|record| record.arn.clone())
            .collect();
        for arn in stopping {
            if let Some(record) = self.service_deployments.get_mut(&arn) {
                record.set_status(step.now, ServiceDeploymentStatus::Stopped);
            }
        }
    }
}
