//! What time alone brings about. Call it often: it does nothing that is not due.
//!
//! Order matters: tasks first, then what follows from them for their services.

use super::service_deployment::ServiceDeploymentStatus;
use super::{Effect, Service, ServiceStatus, Step, TaskState, World};

impl World {
    /// Does everything that is due at `step.now`.
    pub fn tick(&mut self, step: Step<'_>) {
        self.advance_tasks(step);
        self.forget_stopped_tasks(step);
        let services: Vec<String> = self.services.keys().cloned().collect();
        for arn in services {
            self.with_service(&arn, |world, service| match service.status {
                ServiceStatus::Active => world.advance_service(step, service),
                ServiceStatus::Draining | ServiceStatus::Inactive => {}
            });
            self.finish_deletion(&arn);
        }
    }

    fn advance_service(&mut self, step: Step<'_>, service: &mut Service) {
        self.start_pending_deployment(step, service);
        self.begin_requested_rollback(step, service);
        self.settle_tasks(step, service);
        self.retire_deployments(step, service);
        self.check_completion(step, service);
        // After the check for completion: a rollback is under way for one tick at least, so that it can be seen.
        self.check_breaker(step, service);
        self.schedule(step, service);
        for deployment in service.deployments.clone() {
            self.refresh_service_deployment(service, &deployment);
        }
        self.finish_stopped(step, service);
    }

    /// PENDING becomes IN_PROGRESS when the images are known.
    fn start_pending_deployment(&mut self, step: Step<'_>, service: &Service) {
        let Some(primary) = service.primary() else { return };
        let resolved = self.revisions.get(&primary.revision).is_some_and(|revision| revision.resolved);
        if let Some(record) = self.service_deployments.get_mut(&primary.service_deployment)
            && record.status == ServiceDeploymentStatus::Pending
            && resolved
        {
            record.started_at = Some(step.now);
            record.set_status(step.now, ServiceDeploymentStatus::InProgress);
        }
    }

    fn advance_tasks(&mut self, step: Step<'_>) {
        let live: Vec<String> =
            self.tasks.values().filter(|task| task.is_live()).map(|task| task.arn.clone()).collect();
        for arn in live {
            let Some(task) = self.tasks.get_mut(&arn) else { continue };
            match task.state {
                TaskState::Provisioning if step.now >= task.due => {
                    task.move_to(step.now, TaskState::Pending);
                    task.pull_started_at = Some(step.now);
                    self.launch_task(&arn);
                }
                TaskState::Pending
                    if task.spawned_at.is_some_and(|at| step.now >= at + step.timing.start_grace()) =>
                {
                    task.move_to(step.now, TaskState::Running);
                    task.started_at = Some(step.now);
                }
                TaskState::Deactivating if step.now >= task.due => {
                    task.move_to(step.now, TaskState::Stopping);
                    self.effects.push(Effect::StopTask { task: arn });
                }
                TaskState::Provisioning
                | TaskState::Pending
                | TaskState::Running
                | TaskState::Deactivating
                | TaskState::Stopping
                | TaskState::Stopped => {}
            }
        }
    }

    /// A task that has run for a while is healthy: the failures before it are forgotten.
    fn settle_tasks(&mut self, step: Step<'_>, service: &mut Service) {
        let resets = service.rules().reset_on_healthy_task;
        let mut settled = Vec::new();
        for task in self
            .tasks
            .values_mut()
            .filter(|task| task.service_arn == service.arn && task.is_serving() && !task.steady)
        {
            if task.started_at.is_some_and(|at| step.now >= at + step.timing.steady()) {
                task.steady = true;
                settled.push(task.deployment_id.clone());
            }
        }
        for deployment in service.deployments.iter_mut().filter(|deployment| settled.contains(&deployment.id))
        {
            deployment.losses = 0;
            deployment.next_launch_at = deployment.next_launch_at.min(step.now);
            if resets {
                deployment.failed_tasks = 0;
            }
        }
    }

    fn forget_stopped_tasks(&mut self, step: Step<'_>) {
        let kept = step.knobs.stopped_task_retention_ms;
        self.tasks.retain(|_, task| task.stopped_at.is_none_or(|at| step.now < at + kept));
    }
}
