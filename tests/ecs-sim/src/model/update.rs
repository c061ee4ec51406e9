//! UpdateService: a new deployment when what runs changes, none when only numbers do.
//!
//! Which members start a deployment: ECS API reference, UpdateService. There is no client token: the same
//! forced update twice is two deployments.

use serde_json::{Map, Value};

use super::revision::ROLLED_OUT;
use super::rules::merge;
use super::{ApiError, ServiceStatus, Step, TaskDefinition, World};
use crate::knobs::InactiveError;

/// ECS refuses a sixth. [aws/containers-roadmap#2836, which also has the message]
const MOST_ACTIVE_DEPLOYMENTS: usize = 5;

/// Tags of a service cannot be changed by an update, but these two can, and a change of them starts a deployment.
const ROLLED_OUT_FLAGS: [&str; 2] = ["enableECSManagedTags", "propagateTags"];

/// What UpdateService is told.
#[derive(Debug, Clone, Default)]
pub struct ServiceChange {
    /// Absent: stays.
    pub desired_count: Option<u32>,
    /// Absent: stays.
    pub task_definition: Option<String>,
    /// `forceNewDeployment`.
    pub force: bool,
    /// The request's other members.
    pub settings: Map<String, Value>,
}

impl World {
    /// Changes a service.
    ///
    /// # Errors
    /// `ServiceNotActiveException`; for a new deployment also a task definition that does not exist or is
    /// INACTIVE, and the limit of active deployments.
    pub fn update_service(
        &mut self,
        step: Step<'_>,
        service_arn: &str,
        change: ServiceChange,
    ) -> Result<(), ApiError> {
        self.with_service(service_arn, |world, service| {
            if service.status != ServiceStatus::Active {
                return Err(ApiError::service_not_active());
            }
            let definition = match &change.task_definition {
                Some(reference) => Some(world.task_definition_to_deploy(step, reference)?),
                None => None,
            };
            let differs =
                definition.as_ref().is_some_and(|definition| definition.arn != service.task_definition);
            let rolls_out = change.settings.iter().any(|(key, value)| {
                let watched = ROLLED_OUT.contains(&key.as_str()) || ROLLED_OUT_FLAGS.contains(&key.as_str());
                watched && !value.is_null() && service.settings.get(key) != Some(value)
            });
            let begins = change.force || differs || rolls_out;
            let definition = match definition {
                Some(definition) => definition,
                None if begins => world.task_definition_to_deploy(step, &service.task_definition.clone())?,
                None => world.task_definition(&service.task_definition)?.clone(),
            };
            if begins && service.deployments.len() >= MOST_ACTIVE_DEPLOYMENTS {
                return Err(ApiError::invalid(format!(
                    "{MOST_ACTIVE_DEPLOYMENTS} active deployments exist, unable to create new deployment."
                )));
            }
            for (key, value) in change.settings {
                if value.is_null() {
                    continue;
                }
                let value = if key == "deploymentConfiguration" {
                    merge(&service.configuration(), &value)
                } else {
                    value
                };
                service.settings.insert(key, value);
            }
            if let Some(desired) = change.desired_count.filter(|desired| *desired != service.desired_count) {
                service.desired_count = desired;
                service.steady = false;
            }
            if begins {
                world.begin_deployment(step, service, &definition);
            }
            Ok(())
        })
        .unwrap_or_else(|| Err(ApiError::service_not_found()))
    }

    /// The task definition for a new deployment: it must be ACTIVE, or have been until a moment ago.
    pub(crate) fn task_definition_to_deploy(
        &self,
        step: Step<'_>,
        reference: &str,
    ) -> Result<TaskDefinition, ApiError> {
        let definition =
            self.task_definition(reference).map_err(|_| ApiError::client("TaskDefinition not found."))?;
        let refused =
            definition.deregistered_at.is_some_and(|at| step.now >= at + step.knobs.deregister_lag_ms);
        if !refused {
            return Ok(definition.clone());
        }
        Err(match step.knobs.inactive_task_definition {
            InactiveError::InvalidParameter => ApiError::invalid("TaskDefinition is inactive"),
            InactiveError::Client => ApiError::client("TaskDefinition is inactive"),
        })
    }
}
