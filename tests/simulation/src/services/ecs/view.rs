//! What readers are shown of a service: one of its pictures, as the port describes it. Must never mix two.

use jiff::Timestamp;
use lockstep::ports::{
    CircuitBreaker, DeploymentStatus, DeploymentView, ServiceView, TaskContainer, TaskView,
};
use lockstep_events::{
    EcsDeploymentDetail, EcsDeploymentEventName, EcsDeploymentStateChange, Message, encode,
};

use super::{CONTAINER, Service};
use crate::universe::time_of;

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:eu-west-1:0:service/c/{name}")
}

impl Service {
    /// As DescribeServices shows it.
    pub(crate) fn view(&self, name: &str) -> ServiceView {
        let count = |definition: &str| u32::try_from(self.running(definition)).unwrap_or(u32::MAX);
        let deployments = self.deployments.iter().map(|deployment| DeploymentView {
            id: deployment.id.clone(),
            status: if deployment.primary { DeploymentStatus::Primary } else { DeploymentStatus::Active },
            task_definition: deployment.definition.clone(),
            rollout: deployment.state,
            rollout_reason: "as the simulation has it".to_owned(),
            desired: if deployment.primary { self.desired } else { 0 },
            running: count(&deployment.definition),
            pending: 0,
        });
        let (minimum, maximum) = if self.database { (0, 100) } else { (100, 200) };
        ServiceView {
            arn: arn(name),
            status: "ACTIVE".to_owned(),
            desired: self.desired,
            running: u32::try_from(self.alive().count()).unwrap_or(u32::MAX),
            pending: 0,
            deployments: deployments.collect(),
            events: Vec::new(),
            circuit_breaker: CircuitBreaker { enable: true, rollback: true },
            minimum_healthy_percent: minimum,
            maximum_percent: maximum,
        }
    }

    /// As DescribeTasks shows them.
    pub(crate) fn task_views(&self) -> Vec<TaskView> {
        let view = |task: &super::Task| TaskView {
            arn: format!("arn:aws:ecs:eu-west-1:0:task/c/{}", task.number),
            status: if task.stopped.is_some() { "STOPPED" } else { "RUNNING" }.to_owned(),
            task_definition: task.definition.to_string(),
            containers: vec![TaskContainer {
                name: CONTAINER.to_owned(),
                image_digest: task.digest.as_ref().map(ToString::to_string),
                exit_code: None,
                reason: None,
            }],
            stop_code: None,
            stopped_reason: None,
            stopped_at: task.stopped.map(time_of),
        };
        self.tasks.iter().map(view).collect()
    }
}

/// EventBridge's message that a service has changed.
pub(super) fn hint(name: &str, time: Timestamp) -> String {
    encode(&Message::EcsDeploymentStateChange(EcsDeploymentStateChange {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        account: "000000000000".to_owned(),
        region: "eu-west-1".to_owned(),
        time,
        resources: vec![arn(name)],
        detail: EcsDeploymentDetail {
            event_type: "INFO".to_owned(),
            event_name: EcsDeploymentEventName::InProgress,
            deployment_id: "ecs-svc/0".to_owned(),
            updated_at: Some(time),
            reason: "as the simulation has it".to_owned(),
        },
    }))
}
