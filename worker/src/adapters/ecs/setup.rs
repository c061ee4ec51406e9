//! How clusters, services and containers are set up. Must only read, and never take a variable's value along.

use async_trait::async_trait;
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{ContainerDefinition, Service};

use super::answers::count;
use super::cluster::EcsCluster;
use super::services::view;
use crate::faults::aws::classify;
use crate::faults::{self, Fault, FaultKind};
use crate::ports::setup::{ClusterInspector, ContainerSetup, ServiceSetup};
use crate::ports::{Answer, ServiceRef, ServiceView};

const CLUSTERS: &str = "DescribeClusters";
const DEFINITION: &str = "DescribeTaskDefinition";

/// Looks at clusters, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct EcsInspector {
    client: Client,
    cluster: EcsCluster,
}

impl EcsInspector {
    /// ECS by this client; nothing is called yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { cluster: EcsCluster::new(client.clone()), client }
    }
}

#[async_trait]
impl ClusterInspector for EcsInspector {
    async fn cluster(&self, name: &str) -> Answer<Option<String>> {
        let answer = self.client.describe_clusters().clusters(name).send().await;
        let answer = answer.map_err(|error| classify(faults::Service::Ecs, CLUSTERS, &error))?;
        let found = answer.clusters().first();
        Ok(found.map(|cluster| cluster.status().unwrap_or("without a status").to_owned()))
    }

    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceSetup>> {
        let Some(found) = self.cluster.described_service(service).await? else { return Ok(None) };
        // What a deployment sees of it, ECS's defaults filled in.
        Ok(Some(setup(&found, &view(&found)?)))
    }

    async fn containers(&self, task_definition: &str) -> Answer<Option<Vec<ContainerSetup>>> {
        let Some(answer) = self.cluster.described(task_definition).await? else { return Ok(None) };
        let definition = answer.task_definition.ok_or_else(|| {
            let message = "the answer has no taskDefinition";
            Fault::new(faults::Service::Ecs, DEFINITION, FaultKind::Unintelligible, message)
        })?;
        Ok(Some(definition.container_definitions().iter().map(container).collect()))
    }
}

fn setup(service: &Service, view: &ServiceView) -> ServiceSetup {
    let or = |value: Option<&str>, absent: &str| value.unwrap_or(absent).to_owned();
    ServiceSetup {
        status: view.status.clone(),
        desired: view.desired,
        running: view.running,
        // What ECS takes where a service says nothing (API reference: CreateService).
        controller: or(service.deployment_controller().map(|controller| controller.r#type().as_str()), "ECS"),
        scheduling: or(service.scheduling_strategy().map(|strategy| strategy.as_str()), "REPLICA"),
        strategy: or(
            service
                .deployment_configuration()
                .and_then(|configuration| configuration.strategy())
                .map(|strategy| strategy.as_str()),
            "ROLLING",
        ),
        circuit_breaker: view.circuit_breaker,
        minimum_healthy_percent: view.minimum_healthy_percent,
        maximum_percent: view.maximum_percent,
        load_balanced: !service.load_balancers().is_empty(),
        grace_seconds: service.health_check_grace_period_seconds().map_or(0, count),
        primary: view.primary().map(|primary| (primary.task_definition.clone(), primary.rollout)),
        newest_event: view.events.first().map(|event| event.message.clone()),
    }
}

fn container(container: &ContainerDefinition) -> ContainerSetup {
    let named = |name: Option<&str>| name.unwrap_or_default().to_owned();
    let with_value =
        container.environment().iter().filter(|pair| pair.value().is_some_and(|v| !v.is_empty()));
    ContainerSetup {
        name: named(container.name()),
        image: named(container.image()),
        environment: with_value.map(|pair| named(pair.name())).collect(),
        secrets: container.secrets().iter().map(|secret| secret.name().to_owned()).collect(),
        read_only_root: container.readonly_root_filesystem().unwrap_or(false),
        health_check: container.health_check().is_some(),
    }
}
