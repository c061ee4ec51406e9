//! DeleteService: the service drains and then is INACTIVE; its records stay readable.

use super::{ApiError, Effect, ServiceStatus, Step, World};

impl World {
    /// Deletes a service; its tasks are stopped.
    ///
    /// # Errors
    /// `InvalidParameterException` for a service that still wants tasks, unless forced;
    /// `ServiceNotActiveException` for one already deleted.
    pub fn delete_service(&mut self, step: Step<'_>, service_arn: &str, force: bool) -> Result<(), ApiError> {
        self.with_service(service_arn, |world, service| {
            if service.status != ServiceStatus::Active {
                return Err(ApiError::service_not_active());
            }
            if service.desired_count > 0 && !force {
                return Err(ApiError::invalid(
                    "The service cannot be stopped while it is scaled above 0. Scale it to 0 first, or use force.",
                ));
            }
            service.status = ServiceStatus::Draining;
            service.desired_count = 0;
            service.front_port = None;
            let doomed: Vec<String> =
                world.tasks_of(service_arn).filter(|task| task.wanted).map(|task| task.arn.clone()).collect();
            for task in doomed {
                world.stop_task(step, &task, "ServiceSchedulerInitiated", "The service was deleted.");
            }
            world.effects.push(Effect::CloseFront { service: service_arn.to_owned() });
            Ok(())
        })
        .unwrap_or_else(|| Err(ApiError::service_not_found()))
    }

    /// DRAINING becomes INACTIVE when the last task has stopped.
    pub(crate) fn finish_deletion(&mut self, service_arn: &str) {
        let empty = !self.tasks_of(service_arn).any(super::Task::is_live);
        if let Some(service) = self.services.get_mut(service_arn)
            && service.status == ServiceStatus::Draining
            && empty
        {
            service.status = ServiceStatus::Inactive;
            service.deployments.clear();
        }
    }
}
