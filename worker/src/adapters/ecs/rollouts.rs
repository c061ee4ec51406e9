//! Rollouts: ECS's service deployments, each with the task definition that it rolls out (by way of its
//! service revision). Must never leave one out because ECS's answers lag: that would look like "it was not
//! sent", and a rollout would be sent twice.

use std::collections::HashMap;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{CreatedAt, ServiceDeployment, ServiceDeploymentStatus};
use jiff::{SignedDuration, Timestamp};

use super::answers::{count, not_described, pieces, required, timestamp};
use super::cluster::EcsCluster;
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, RolloutRollback, RolloutStatus, RolloutView, ServiceRef};

const LIST: &str = "ListServiceDeployments";
const DESCRIBE: &str = "DescribeServiceDeployments";
const REVISIONS: &str = "DescribeServiceRevisions";

/// As many as DescribeServiceDeployments and DescribeServiceRevisions take in one call (API reference).
const AT_ONCE: usize = 20;

/// `since` is a worker's time, a rollout's creation ECS's; no two hosts' clocks are relied on to agree. A rollout
/// is recognised by its task definition, which belongs to one leg of one deployment; the time only bounds the
/// listing, so it is generous.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_hours(24);

impl EcsCluster {
    pub(super) async fn service_deployments(
        &self,
        service: &ServiceRef,
        since: Timestamp,
    ) -> Answer<Vec<RolloutView>> {
        let listed = self.listed_since(service, since).await?;
        let described = self.described_deployments(&listed).await?;
        let task_definitions = self.task_definitions_of(described.iter().filter_map(target_of)).await?;
        let mut rollouts: Vec<RolloutView> =
            described.iter().map(|deployment| view(deployment, &task_definitions)).collect::<Answer<_>>()?;
        rollouts.sort_by_key(|rollout| std::cmp::Reverse(rollout.created_at));
        Ok(rollouts)
    }

    async fn listed_since(&self, service: &ServiceRef, since: Timestamp) -> Answer<Vec<String>> {
        let since = since.checked_sub(CLOCK_MARGIN).unwrap_or(Timestamp::MIN);
        // ECS's bound may be exclusive: ask for a little more.
        let after =
            CreatedAt::builder().after(DateTime::from_secs(since.as_second().saturating_sub(1))).build();
        let mut arns = Vec::new();
        let mut page = None;
        loop {
            let answer = self
                .client
                .list_service_deployments()
                .cluster(&service.cluster)
                .service(&service.service)
                .created_at(after.clone())
                .set_next_token(page.clone())
                .send()
                .await
                .map_err(|error| classify(Service::Ecs, LIST, &error))?;
            for brief in answer.service_deployments() {
                let created = required(LIST, "serviceDeployments[].createdAt", brief.created_at())?;
                if timestamp(LIST, "serviceDeployments[].createdAt", created)? >= since {
                    let arn = brief.service_deployment_arn();
                    arns.push(required(LIST, "serviceDeployments[].serviceDeploymentArn", arn)?.to_owned());
                }
            }
            let next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(arns);
            }
            if next == page {
                let message = "the same page came again and again".to_owned();
                return Err(Fault::new(Service::Ecs, LIST, FaultKind::Unintelligible, message));
            }
            page = next;
        }
    }

    async fn described_deployments(&self, arns: &[String]) -> Answer<Vec<ServiceDeployment>> {
        let mut found = Vec::new();
        for piece in pieces(arns.iter().map(String::as_str), AT_ONCE) {
            let answer = self
                .client
                .describe_service_deployments()
                .set_service_deployment_arns(Some(piece.clone()))
                .send()
                .await
                .map_err(|error| classify(Service::Ecs, DESCRIBE, &error))?;
            let described = answer.service_deployments.unwrap_or_default();
            let missing = piece.iter().find(|arn| {
                !described.iter().any(|deployment| deployment.service_deployment_arn() == Some(arn.as_str()))
            });
            if let Some(arn) = missing {
                return Err(not_described(DESCRIBE, arn));
            }
            found.extend(described);
        }
        Ok(found)
    }

    /// The task definition of each service revision.
    async fn task_definitions_of(
        &self,
        revisions: impl Iterator<Item = &str>,
    ) -> Answer<HashMap<String, String>> {
        let mut found = HashMap::new();
        for piece in pieces(revisions, AT_ONCE) {
            let answer = self
                .client
                .describe_service_revisions()
                .set_service_revision_arns(Some(piece))
                .send()
                .await
                .map_err(|error| classify(Service::Ecs, REVISIONS, &error))?;
            for revision in answer.service_revisions.unwrap_or_default() {
                let arn = required(
                    REVISIONS,
                    "serviceRevisions[].serviceRevisionArn",
                    revision.service_revision_arn,
                )?;
                let definition =
                    required(REVISIONS, "serviceRevisions[].taskDefinition", revision.task_definition)?;
                found.insert(arn, definition);
            }
        }
        Ok(found)
    }
}

fn target_of(deployment: &ServiceDeployment) -> Option<&str> {
    deployment.target_service_revision().and_then(|revision| revision.arn())
}

fn view(deployment: &ServiceDeployment, definitions: &HashMap<String, String>) -> Answer<RolloutView> {
    let arn =
        required(DESCRIBE, "serviceDeployments[].serviceDeploymentArn", deployment.service_deployment_arn())?;
    let target =
        target_of(deployment).ok_or_else(|| not_described(DESCRIBE, &format!("the target of {arn}")))?;
    let definition = definitions.get(target).ok_or_else(|| not_described(REVISIONS, target))?;
    let rollback = deployment
        .rollback()
        .map(|rollback| RolloutRollback { reason: rollback.reason().unwrap_or_default().to_owned() });
    let created = required(DESCRIBE, "serviceDeployments[].createdAt", deployment.created_at())?;
    let breaker = deployment.deployment_circuit_breaker();
    Ok(RolloutView {
        arn: arn.to_owned(),
        status: status(deployment.status()),
        status_reason: deployment.status_reason().unwrap_or_default().to_owned(),
        task_definition: definition.clone(),
        created_at: timestamp(DESCRIBE, "serviceDeployments[].createdAt", created)?,
        rollback,
        failure_count: breaker.map_or(0, |breaker| count(breaker.failure_count())),
        threshold: breaker.map_or(0, |breaker| count(breaker.threshold())),
    })
}

fn status(status: Option<&ServiceDeploymentStatus>) -> RolloutStatus {
    match status {
        Some(ServiceDeploymentStatus::Pending) => RolloutStatus::Pending,
        Some(ServiceDeploymentStatus::InProgress) => RolloutStatus::InProgress,
        Some(ServiceDeploymentStatus::Successful) => RolloutStatus::Successful,
        Some(ServiceDeploymentStatus::StopRequested) => RolloutStatus::StopRequested,
        Some(ServiceDeploymentStatus::Stopped) => RolloutStatus::Stopped,
        Some(ServiceDeploymentStatus::RollbackRequested) => RolloutStatus::RollbackRequested,
        Some(ServiceDeploymentStatus::RollbackInProgress) => RolloutStatus::RollbackInProgress,
        Some(ServiceDeploymentStatus::RollbackSuccessful) => RolloutStatus::RollbackSuccessful,
        Some(ServiceDeploymentStatus::RollbackFailed) => RolloutStatus::RollbackFailed,
        Some(other) => RolloutStatus::Other(other.as_str().to_owned()),
        None => RolloutStatus::Other("no status".to_owned()),
    }
}
