//! CreateService, and the services a simulator starts with.
//!
//! Starts no task itself: the scheduler does, once the revision's images are resolved.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::deployment::completed;
use super::rules::{default_configuration, merge};
use super::service::CompletedRollout;
use super::service_deployment::ServiceDeploymentStatus;
use super::{ApiError, Effect, RolloutState, Service, ServiceStatus, Step, World};

/// What CreateService is told.
#[derive(Debug, Clone)]
pub struct NewService {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub name: String,
    /// Family, family:revision or ARN.
    pub task_definition: String,
    /// How many tasks.
    pub desired_count: u32,
    /// The request's other members.
    pub settings: Map<String, Value>,
    /// The front port wanted; 0 for any.
    pub front_port: u16,
}

impl World {
    /// Creates a cluster if there is none of that name.
    pub fn ensure_cluster(&mut self, name: &str) {
        self.clusters.insert(name.to_owned());
    }

    /// Creates a service with its first deployment. Returns its ARN.
    ///
    /// # Errors
    /// `ClusterNotFoundException`; `InvalidParameterException` for a bad or taken name; `ClientException` for a
    /// task definition that does not exist or is INACTIVE.
    pub fn create_service(&mut self, step: Step<'_>, new: NewService) -> Result<String, ApiError> {
        let cluster = self.cluster_name(Some(&new.cluster))?;
        let well_formed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if new.name.is_empty() || new.name.len() > 255 || !new.name.chars().all(well_formed) {
            return Err(ApiError::invalid(format!("Invalid service name: {:?}", new.name)));
        }
        let arn = self.arns.service(&cluster, &new.name);
        if self.services.get(&arn).is_some_and(|service| service.status != ServiceStatus::Inactive) {
            return Err(ApiError::invalid("Creation of service was not idempotent."));
        }
        let definition = self.task_definition_to_deploy(step, &new.task_definition)?;
        let mut settings = new.settings;
        let configuration = settings.get("deploymentConfiguration").cloned().unwrap_or(Value::Null);
        settings
            .insert("deploymentConfiguration".to_owned(), merge(&default_configuration(), &configuration));
        let mut service = Service {
            arn: arn.clone(),
            name: new.name,
            cluster,
            status: ServiceStatus::Active,
            created_at: step.now,
            desired_count: new.desired_count,
            task_definition: definition.arn.clone(),
            settings,
            deployments: Vec::new(),
            events: VecDeque::new(),
            last_completed: None,
            current_service_deployment: None,
            previous_service_deployment: None,
            steady: false,
            wanted_front_port: new.front_port,
            front_port: None,
        };
        self.begin_deployment(step, &mut service, &definition);
        self.effects.push(Effect::OpenFront { service: arn.clone(), port: service.wanted_front_port });
        self.services.insert(arn.clone(), service);
        Ok(arn)
    }

    /// Records a service's first deployment as COMPLETED before any task runs: a service that was already there
    /// when the simulation began. Its tasks are started as after the loss of an instance.
    pub fn complete_initial_deployment(&mut self, step: Step<'_>, service_arn: &str) {
        self.with_service(service_arn, |world, service| {
            let Some(primary) = service.primary_mut() else { return };
            primary.rollout = RolloutState::Completed;
            primary.reason = completed(&primary.id);
            let last = CompletedRollout {
                deployment_id: primary.id.clone(),
                revision: primary.revision.clone(),
                task_definition: primary.task_definition.clone(),
            };
            if let Some(record) = world.service_deployments.get_mut(&primary.service_deployment) {
                record.started_at = Some(step.now);
                record.set_status(step.now, ServiceDeploymentStatus::Successful);
            }
            service.last_completed = Some(last);
            // It began long ago: nobody is told that it begins.
            world.effects.retain(|effect| match effect {
                Effect::Announce(change) => change.service_arn != service.arn,
                _ => true,
            });
        });
    }
}
