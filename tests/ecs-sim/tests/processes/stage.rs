//! A registry, images in it, and a simulator that runs them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecs::types::{
    ContainerDefinition, DesiredStatus, KeyValuePair, Service, ServiceDeploymentStatus, Task,
};
use ecs_sim::{ClusterSeed, Config, EcsSim, Initial, Knobs, ServiceSeed, Timing};
use ferro_blob_store::InMemoryBlobStore;
use oci_image::build::{Content, FileSpec, ImageSpec, LayerSpec};
use oci_image::{RegistryAuth, push};
use serde_json::json;
use tempfile::TempDir;

pub(crate) struct Stage {
    pub(crate) sim: EcsSim,
    pub(crate) ecs: Client,
    pub(crate) registry: String,
    pub(crate) work_dir: PathBuf,
    _directory: TempDir,
}

/// An image of the test program; `env` makes its digest differ from others.
pub(crate) fn program(env: &[(&str, &str)]) -> ImageSpec {
    let content = Content::File(PathBuf::from(env!("CARGO_BIN_EXE_ecs-sim-test-task")));
    let file = FileSpec { path: "/app/program".to_owned(), mode: 0o755, content };
    ImageSpec {
        layers: vec![LayerSpec { files: vec![file] }],
        entrypoint: vec!["/app/program".to_owned()],
        env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..ImageSpec::default()
    }
}

/// An image of a shell script.
pub(crate) fn script(text: &str) -> ImageSpec {
    ImageSpec {
        layers: vec![LayerSpec::single("/app/script", 0o755, format!("#!/bin/sh\n{text}\n"))],
        entrypoint: vec!["/app/script".to_owned()],
        ..ImageSpec::default()
    }
}

pub(crate) async fn push_image(registry: &str, tag: &str, spec: ImageSpec) -> String {
    let built = tokio::task::spawn_blocking(move || spec.build()).await.unwrap().unwrap();
    push(&built, &format!("{registry}/app:{tag}"), &RegistryAuth::Anonymous).await.unwrap().digest
}

impl Stage {
    /// Service `web` runs `image` as tag `first` on `desired` tasks.
    pub(crate) async fn set(desired: u32, image: ImageSpec) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = listener.local_addr().unwrap().to_string();
        let app = ferro_oci_server::build_app(Arc::new(InMemoryBlobStore::new()));
        tokio::spawn(async move { axum::serve(listener, app).await });
        push_image(&registry, "first", image).await;

        let directory = tempfile::tempdir().unwrap();
        let work_dir = directory.path().join("work");
        let service = ServiceSeed {
            name: "web".to_owned(),
            task_definition: json!({ "family": "web", "containerDefinitions": [
                { "name": "app", "image": format!("{registry}/app:first"),
                  "environment": [{ "name": "FROM_DEFINITION", "value": "yes" }] },
                { "name": "sidecar", "image": "not-run:1", "essential": false },
            ] }),
            desired_count: desired,
            deployment_configuration: json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } }),
            front_port: 0,
            initial: Initial::Completed,
        };
        let timing = Timing {
            start_grace: Duration::from_millis(200),
            steady: Duration::from_millis(200),
            stop_timeout: Duration::from_millis(400),
            ..Timing::default()
        };
        let config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            state_file: None,
            work_dir: work_dir.clone(),
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            seed: vec![ClusterSeed { name: "main".to_owned(), services: vec![service] }],
            knobs: Knobs::default(),
            timing,
            events: None,
        };
        let sim = EcsSim::start(config).await.unwrap();
        let sdk = aws_sdk_ecs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(sim.endpoint())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .build();
        let stage = Self { sim, ecs: Client::from_conf(sdk), registry, work_dir, _directory: directory };
        stage.until_running(desired).await;
        stage
    }

    pub(crate) async fn deploy(&self, reference: &str, env: &[(&str, &str)]) {
        let env = env
            .iter()
            .map(|(name, value)| KeyValuePair::builder().name(*name).value(*value).build())
            .collect();
        let image = format!("{}/{reference}", self.registry);
        let container =
            ContainerDefinition::builder().name("app").image(image).set_environment(Some(env)).build();
        let register = self.ecs.register_task_definition().family("web").container_definitions(container);
        let arn = register.send().await.unwrap().task_definition.unwrap().task_definition_arn.unwrap();
        self.ecs.update_service().cluster("main").service("web").task_definition(arn).send().await.unwrap();
    }

    pub(crate) async fn service(&self) -> Service {
        let answer = self.ecs.describe_services().cluster("main").services("web").send().await.unwrap();
        answer.services.unwrap().remove(0)
    }

    pub(crate) async fn until_running(&self, count: u32) {
        let count = i32::try_from(count).unwrap();
        eventually(&format!("{count} tasks run"), async || {
            let service = self.service().await;
            service.running_count() == count && service.pending_count() == 0
        })
        .await;
    }

    pub(crate) async fn until_newest_is(&self, status: ServiceDeploymentStatus) {
        eventually(&format!("the newest service deployment is {status}"), async || {
            let list =
                self.ecs.list_service_deployments().cluster("main").service("web").send().await.unwrap();
            list.service_deployments()[0].status() == Some(&status)
        })
        .await;
    }

    pub(crate) async fn tasks(&self, desired_status: DesiredStatus) -> Vec<Task> {
        let list = self.ecs.list_tasks().cluster("main").service_name("web").desired_status(desired_status);
        let arns = list.send().await.unwrap().task_arns.unwrap();
        if arns.is_empty() {
            return Vec::new();
        }
        let answer = self.ecs.describe_tasks().cluster("main").set_tasks(Some(arns)).send().await.unwrap();
        answer.tasks.unwrap()
    }

    /// Status and body of a request through the front port.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.sim.front_url("main", "web").unwrap());
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// Asks until it is so, for at most a minute.
pub(crate) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}
