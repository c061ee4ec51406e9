//! Tasks of a service: those that run or start, and the stopped ones that ECS still lists (about an hour).
//! Must never leave out a listed task: an old one that still runs would be overlooked.

use aws_sdk_ecs::types::{Container, DesiredStatus, Task};

use super::answers::{not_described, pieces, required, timestamp};
use super::cluster::EcsCluster;
use crate::faults::Service;
use crate::faults::aws::classify;
use crate::ports::{Answer, ServiceRef, TaskContainer, TaskView};

const LIST: &str = "ListTasks";
const DESCRIBE: &str = "DescribeTasks";

/// As many as DescribeTasks takes in one call (API reference).
const AT_ONCE: usize = 100;

impl EcsCluster {
    pub(super) async fn service_tasks(&self, service: &ServiceRef) -> Answer<Vec<TaskView>> {
        // Running ones first: a task that stops in between is then listed twice, not never.
        let mut arns = self.listed_tasks(service, DesiredStatus::Running).await?;
        arns.extend(self.listed_tasks(service, DesiredStatus::Stopped).await?);
        let mut tasks = Vec::new();
        for piece in pieces(arns.iter().map(String::as_str), AT_ONCE) {
            let answer = self
                .client
                .describe_tasks()
                .cluster(&service.cluster)
                .set_tasks(Some(piece.clone()))
                .send()
                .await
                .map_err(|error| classify(Service::Ecs, DESCRIBE, &error))?;
            let described = answer.tasks();
            let missing =
                piece.iter().find(|arn| !described.iter().any(|task| task.task_arn() == Some(arn.as_str())));
            if let Some(arn) = missing {
                return Err(not_described(DESCRIBE, arn));
            }
            for task in described {
                tasks.push(view(task)?);
            }
        }
        Ok(tasks)
    }

    async fn listed_tasks(&self, service: &ServiceRef, status: DesiredStatus) -> Answer<Vec<String>> {
        let mut found = Vec::new();
        let mut arns = self
            .client
            .list_tasks()
            .cluster(&service.cluster)
            .service_name(&service.service)
            .desired_status(status)
            .into_paginator()
            .items()
            .send();
        while let Some(arn) = arns.next().await {
            found.push(arn.map_err(|error| classify(Service::Ecs, LIST, &error))?);
        }
        Ok(found)
    }
}

fn view(task: &Task) -> Answer<TaskView> {
    let stopped_at =
        task.stopped_at().map(|time| timestamp(DESCRIBE, "tasks[].stoppedAt", time)).transpose()?;
    Ok(TaskView {
        arn: required(DESCRIBE, "tasks[].taskArn", task.task_arn())?.to_owned(),
        status: required(DESCRIBE, "tasks[].lastStatus", task.last_status())?.to_owned(),
        task_definition: required(DESCRIBE, "tasks[].taskDefinitionArn", task.task_definition_arn())?
            .to_owned(),
        containers: task.containers().iter().map(container).collect::<Answer<_>>()?,
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        stopped_at,
    })
}

fn container(container: &Container) -> Answer<TaskContainer> {
    Ok(TaskContainer {
        name: required(DESCRIBE, "containers[].name", container.name())?.to_owned(),
        image_digest: container.image_digest().map(str::to_owned),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    })
}
