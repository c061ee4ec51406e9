//! A simulator with imaginary tasks, and an SDK client for it.
//!
//! `good` images run until stopped, `crash` ones exit at once, `gone` ones cannot be pulled.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_ecs::Client;
use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecs::types::{Service, ServiceDeploymentStatus};
use ecs_sim::model::{ContainerSpec, ImageDigests, Report};
use ecs_sim::runner::{Launcher, Reports};
use ecs_sim::{ClusterSeed, Config, EcsSim, Initial, Knobs, ServiceSeed, SqsTarget, Timing};
use serde_json::{Value, json};

pub(crate) const CLUSTER: &str = "main";
pub(crate) const SERVICE: &str = "web";

/// Tasks without processes.
#[derive(Debug, Default)]
pub(crate) struct Imaginary {
    running: Mutex<HashSet<String>>,
    reports: Mutex<Option<Reports>>,
}

impl Imaginary {
    fn end(&self, task: &str, exit_code: i32) {
        let was_running = self.running.lock().unwrap().remove(task);
        if was_running && let Some(reports) = &*self.reports.lock().unwrap() {
            reports.send(Report::ContainerExited {
                task: task.to_owned(),
                container: "app".to_owned(),
                exit_code,
            });
        }
    }
}

impl Launcher for Imaginary {
    fn resolve(&self, revision: String, images: Vec<(String, String)>, reports: Reports) {
        let digests = images.into_iter().map(|(name, _)| (name, Some(digest('e')))).collect();
        reports.send(Report::ImagesResolved { revision, digests });
    }

    fn launch(&self, task: String, containers: Vec<ContainerSpec>, reports: Reports) {
        *self.reports.lock().unwrap() = Some(reports.clone());
        let image = containers[0].image.clone();
        if image.contains("gone") {
            let reason = format!("CannotPullContainerError: {image}: not found");
            return reports.send(Report::TaskFailedToStart { task, reason });
        }
        let digests = ImageDigests { index: Some(digest('a')), manifest: digest('b') };
        reports.send(Report::TaskPulled { task: task.clone(), images: vec![("app".to_owned(), digests)] });
        reports.send(Report::TaskStarted { task: task.clone(), ports: vec![("app".to_owned(), 9)] });
        self.running.lock().unwrap().insert(task.clone());
        if image.contains("crash") {
            self.end(&task, 3);
        }
    }

    fn stop(&self, task_arn: &str) {
        self.end(task_arn, 143);
    }

    fn kill_all(&self) {
        self.running.lock().unwrap().clear();
    }

    fn running(&self) -> usize {
        self.running.lock().unwrap().len()
    }

    fn log_file(&self, _: &str, _: &str) -> Option<PathBuf> {
        None
    }
}

/// A digest of one repeated character.
pub(crate) fn digest(character: char) -> String {
    format!("sha256:{}", character.to_string().repeat(64))
}

pub(crate) fn image(kind: &str) -> String {
    format!("127.0.0.1:5000/{kind}@{}", digest('a'))
}

pub(crate) fn config(desired: u32) -> Config {
    let millis = Duration::from_millis;
    let service = ServiceSeed {
        name: SERVICE.to_owned(),
        task_definition: json!({
            "family": "web",
            "cpu": "256",
            "containerDefinitions": [{ "name": "app", "image": image("good"), "portMappings": [{ "containerPort": 80 }] }],
            "tags": [{ "key": "origin", "value": "seed" }],
        }),
        desired_count: desired,
        deployment_configuration: json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": true } }),
        front_port: 0,
        initial: Initial::Completed,
    };
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        state_file: None,
        work_dir: PathBuf::from("unused"),
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        seed: vec![ClusterSeed { name: CLUSTER.to_owned(), services: vec![service] }],
        knobs: Knobs::default(),
        timing: Timing {
            provisioning: millis(5),
            start_grace: millis(20),
            steady: millis(20),
            drain: millis(5),
            stop_timeout: millis(500),
            relaunch: millis(5),
            tick: millis(5),
        },
        events: None::<SqsTarget>,
    }
}

/// A simulator and a client that does not retry.
pub(crate) struct Wire {
    pub(crate) sim: EcsSim,
    pub(crate) ecs: Client,
}

impl Wire {
    pub(crate) async fn start(desired: u32) -> Self {
        Self::with(config(desired)).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let sim = EcsSim::start_with(config, Arc::new(Imaginary::default())).await.unwrap();
        let ecs = client(&sim.endpoint());
        Self { sim, ecs }
    }

    pub(crate) async fn register(&self, kind: &str) -> String {
        let container =
            aws_sdk_ecs::types::ContainerDefinition::builder().name("app").image(image(kind)).build();
        let answer =
            self.ecs.register_task_definition().family("web").container_definitions(container).send().await;
        answer.unwrap().task_definition.unwrap().task_definition_arn.unwrap()
    }

    pub(crate) async fn deploy(&self, kind: &str) -> Service {
        let arn = self.register(kind).await;
        let update = self.ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition(arn);
        update.send().await.unwrap().service.unwrap()
    }

    pub(crate) async fn service(&self) -> Service {
        let answer = self.ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
        answer.services.unwrap().remove(0)
    }

    /// The newest service deployment that is listed.
    pub(crate) async fn newest(&self) -> aws_sdk_ecs::types::ServiceDeployment {
        let list =
            self.ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE).send().await.unwrap();
        let arn = list.service_deployments()[0].service_deployment_arn().unwrap().to_owned();
        let answer =
            self.ecs.describe_service_deployments().service_deployment_arns(arn).send().await.unwrap();
        answer.service_deployments.unwrap().remove(0)
    }

    pub(crate) async fn until_newest_is(
        &self,
        status: ServiceDeploymentStatus,
    ) -> aws_sdk_ecs::types::ServiceDeployment {
        loop_until(&format!("the newest service deployment is {status}"), async || {
            let newest = self.newest().await;
            (newest.status() == Some(&status)).then_some(newest)
        })
        .await
    }

    pub(crate) async fn until_running(&self, count: i32) -> Service {
        loop_until(&format!("{count} tasks run"), async || {
            let service = self.service().await;
            (service.running_count() == count && service.pending_count() == 0).then_some(service)
        })
        .await
    }
}

/// Asks until there is an answer, for at most 30 seconds.
pub(crate) async fn loop_until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap_or_else(|_| panic!("never: {what}"))
}

pub(crate) fn client(endpoint: &str) -> Client {
    let config = aws_sdk_ecs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .build();
    Client::from_conf(config)
}

/// Changes a simulator's knobs over HTTP, as another process would.
pub(crate) async fn patch_knobs(endpoint: &str, change: Value) -> (u16, Value) {
    let sent =
        reqwest::Client::new().patch(format!("{endpoint}/_sim/knobs")).json(&change).send().await.unwrap();
    let status = sent.status().as_u16();
    let text = sent.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
