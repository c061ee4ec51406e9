//! ECS as [`Cluster`]: which operation serves which call. Must hold no logic of its own.

use async_trait::async_trait;
use aws_sdk_ecs::Client;
use jiff::Timestamp;

use crate::ports::{
    Answer, Cluster, Marks, RolloutView, ServiceRef, ServiceView, TaskDefinitionView, TaskView, UpdateAnswer,
    UpdateService,
};

/// Amazon ECS, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct EcsCluster {
    pub(super) client: Client,
}

impl EcsCluster {
    /// ECS by this client; nothing is called yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Cluster for EcsCluster {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>> {
        self.describe_service(service).await
    }

    async fn task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>> {
        self.describe_task_definition(arn).await
    }

    async fn find_marked(&self, family: &str, marks: &Marks, depth: u32) -> Answer<Vec<String>> {
        self.find_revisions(family, marks, depth).await
    }

    async fn register_from(&self, base: &str, image: Option<(&str, &str)>, marks: &Marks) -> Answer<String> {
        self.register_revision(base, image, marks).await
    }

    async fn deregister(&self, arn: &str) -> Answer<()> {
        self.deregister_revision(arn).await
    }

    async fn update(&self, service: &ServiceRef, update: &UpdateService) -> Answer<UpdateAnswer> {
        self.update_service(service, update).await
    }

    async fn rollouts(&self, service: &ServiceRef, since: Timestamp) -> Answer<Vec<RolloutView>> {
        self.service_deployments(service, since).await
    }

    async fn tasks(&self, service: &ServiceRef) -> Answer<Vec<TaskView>> {
        self.service_tasks(service).await
    }
}
