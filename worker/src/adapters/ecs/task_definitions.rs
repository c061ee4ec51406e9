//! Task definitions: finding our own revisions by their marks, registering and deregistering them. Must never
//! deregister by itself: which revision is still somebody's way back, only the engine knows.

use aws_sdk_ecs::operation::describe_task_definition::DescribeTaskDefinitionOutput;
use aws_sdk_ecs::types::{SortOrder, Tag, TaskDefinition, TaskDefinitionField, TaskDefinitionStatus};

use super::answers::required;
use super::cluster::EcsCluster;
use super::register::{REGISTER, next_revision};
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, ContainerView, Marks, TaskDefinitionView};

const DESCRIBE: &str = "DescribeTaskDefinition";
const LIST: &str = "ListTaskDefinitions";
const DEREGISTER: &str = "DeregisterTaskDefinition";

/// ECS's word for a task definition that does not exist; it has no error code of its own for it.
const UNKNOWN: &str = "Unable to describe task definition";

/// As many ARNs as one page of ListTaskDefinitions holds.
const PAGE: u32 = 100;

impl EcsCluster {
    pub(super) async fn describe_task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>> {
        let Some(answer) = self.described(arn).await? else { return Ok(None) };
        let definition = required(DESCRIBE, "taskDefinition", answer.task_definition())?;
        view(definition, answer.tags()).map(Some)
    }

    pub(super) async fn find_revisions(
        &self,
        family: &str,
        marks: &Marks,
        depth: u32,
    ) -> Answer<Vec<String>> {
        let mut candidates = self.newest(family, TaskDefinitionStatus::Active, depth).await?;
        candidates.extend(self.newest(family, TaskDefinitionStatus::Inactive, depth).await?);
        candidates.sort_by_key(|arn| std::cmp::Reverse(revision(arn)));
        let mut found = Vec::new();
        for arn in candidates {
            // One that was listed and is gone has been deleted by somebody; then it is not there to be found.
            let Some(definition) = self.describe_task_definition(&arn).await? else { continue };
            if marks.iter().all(|(key, value)| definition.marks.get(key) == Some(value)) {
                found.push(definition.arn);
            }
        }
        found.dedup();
        Ok(found)
    }

    pub(super) async fn register_revision(
        &self,
        base: &str,
        image: Option<(&str, &str)>,
        marks: &Marks,
    ) -> Answer<String> {
        let Some(answer) = self.described(base).await? else {
            let message = format!("task definition {base} does not exist; nothing to make a revision from");
            return Err(Fault::new(Service::Ecs, REGISTER, FaultKind::NotFound, message));
        };
        let tags = answer.tags.unwrap_or_default();
        let definition = required(DESCRIBE, "taskDefinition", answer.task_definition)?;
        let registered = next_revision(definition, &tags, image, marks)?
            .send_with(&self.client)
            .await
            .map_err(|error| classify(Service::Ecs, REGISTER, &error))?;
        let arn = registered.task_definition.and_then(|definition| definition.task_definition_arn);
        required(REGISTER, "taskDefinition.taskDefinitionArn", arn)
    }

    pub(super) async fn deregister_revision(&self, arn: &str) -> Answer<()> {
        let answer = self.client.deregister_task_definition().task_definition(arn).send().await;
        let Err(error) = answer else { return Ok(()) };
        let fault = classify(Service::Ecs, DEREGISTER, &error);
        // A refusal is no failure if the revision is what it should become.
        if fault.kind == FaultKind::Refused
            && self.describe_task_definition(arn).await?.is_some_and(|definition| !definition.active)
        {
            return Ok(());
        }
        Err(fault)
    }

    /// A task definition as ECS describes it, tags included; `None` when there is none.
    pub(super) async fn described(&self, arn: &str) -> Answer<Option<DescribeTaskDefinitionOutput>> {
        let answer = self
            .client
            .describe_task_definition()
            .task_definition(arn)
            .include(TaskDefinitionField::Tags)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => {
                let fault = classify(Service::Ecs, DESCRIBE, &error);
                let unknown = fault.kind == FaultKind::NotFound
                    || (fault.kind == FaultKind::Refused && fault.message.contains(UNKNOWN));
                if unknown { Ok(None) } else { Err(fault) }
            }
        }
    }

    /// The family's newest revisions with this status, newest first.
    async fn newest(&self, family: &str, status: TaskDefinitionStatus, depth: u32) -> Answer<Vec<String>> {
        let wanted = usize::try_from(depth).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        if wanted == 0 {
            return Ok(found);
        }
        let mut arns = self
            .client
            .list_task_definitions()
            .family_prefix(family)
            .status(status)
            .sort(SortOrder::Desc)
            .max_results(i32::try_from(depth.min(PAGE)).unwrap_or(1))
            .into_paginator()
            .items()
            .send();
        while found.len() < wanted {
            let Some(arn) = arns.next().await else { break };
            found.push(arn.map_err(|error| classify(Service::Ecs, LIST, &error))?);
        }
        Ok(found)
    }
}

fn view(definition: &TaskDefinition, tags: &[Tag]) -> Answer<TaskDefinitionView> {
    let containers = definition.container_definitions().iter().map(|container| ContainerView {
        name: container.name().unwrap_or_default().to_owned(),
        image: container.image().unwrap_or_default().to_owned(),
    });
    let marks = tags
        .iter()
        .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()));
    Ok(TaskDefinitionView {
        arn: required(DESCRIBE, "taskDefinition.taskDefinitionArn", definition.task_definition_arn())?
            .to_owned(),
        family: required(DESCRIBE, "taskDefinition.family", definition.family())?.to_owned(),
        active: definition.status() == Some(&TaskDefinitionStatus::Active),
        containers: containers.collect(),
        marks: marks.collect(),
    })
}

/// The revision of a task definition's ARN; 0 if it has none.
fn revision(arn: &str) -> u64 {
    arn.rsplit(':').next().and_then(|revision| revision.parse().ok()).unwrap_or(0)
}
