//! StopServiceDeployment: going back, or just stopping, on request.
//!
//! Source: "Stopping Amazon ECS service deployments". Never changes a service deployment that has ended.

use super::breaker::RollbackCause;
use super::service_deployment::ServiceDeploymentStatus;
use super::{ApiError, Service, Step, World};
use crate::knobs::StopWhileRollingBack;

/// `stopType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopType {
    /// Back to the last completed revision. The default.
    Rollback,
    /// Stop where it is.
    Abort,
}

impl World {
    /// Asks a service deployment to stop.
    ///
    /// # Errors
    /// `ServiceDeploymentNotFoundException`; `ConflictException` when it has ended, is stopping, or (a knob) is
    /// going back already; `InvalidParameterException` when there is nothing to go back to.
    pub fn stop_service_deployment(
        &mut self,
        step: Step<'_>,
        arn: &str,
        stop: StopType,
    ) -> Result<(), ApiError> {
        let record = self.service_deployments.get(arn).ok_or_else(ApiError::service_deployment_not_found)?;
        let (status, service_arn, deployment_id) =
            (record.status, record.service_arn.clone(), record.deployment_id.clone());
        match status {
            ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress => {}
            ServiceDeploymentStatus::RollbackRequested
            | ServiceDeploymentStatus::RollbackInProgress
            | ServiceDeploymentStatus::StopRequested => {
                return match step.knobs.stop_while_rolling_back {
                    StopWhileRollingBack::Continues => Ok(()),
                    StopWhileRollingBack::Conflict => Err(ApiError::conflict(
                        "The service deployment is already being stopped or rolled back.",
                    )),
                };
            }
            ServiceDeploymentStatus::Successful
            | ServiceDeploymentStatus::Stopped
            | ServiceDeploymentStatus::RollbackSuccessful
            | ServiceDeploymentStatus::RollbackFailed => {
                return Err(ApiError::conflict("The service deployment has finished and cannot be stopped."));
            }
        }
        let can_go_back =
            self.services.get(&service_arn).is_some_and(|service| service.last_completed.is_some());
        if stop == StopType::Rollback && !can_go_back {
            return Err(ApiError::invalid("The service has no completed service revision to roll back to."));
        }
        if let Some(record) = self.service_deployments.get_mut(arn) {
            match stop {
                StopType::Rollback => record.set_status(step.now, ServiceDeploymentStatus::RollbackRequested),
                StopType::Abort => {
                    record.set_status(step.now, ServiceDeploymentStatus::StopRequested);
                    record.aborted = true;
                }
            }
            record.status_reason = Some("The service deployment was stopped by a user request.".to_owned());
        }
        if stop == StopType::Abort {
            self.with_service(&service_arn, |_, service| {
                if let Some(primary) = service.primary_mut().filter(|primary| primary.id == deployment_id) {
                    primary.frozen = true;
                    primary.fail(step.now, &format!("ECS deployment {deployment_id} stopped."));
                }
            });
        }
        Ok(())
    }

    /// Begins the rollback that was requested.
    pub(crate) fn begin_requested_rollback(&mut self, step: Step<'_>, service: &mut Service) {
        let Some(primary) = service.primary() else { return };
        let requested = self
            .service_deployments
            .get(&primary.service_deployment)
            .is_some_and(|record| record.status == ServiceDeploymentStatus::RollbackRequested);
        if requested {
            self.roll_back(step, service, RollbackCause::Request);
        }
    }
}
