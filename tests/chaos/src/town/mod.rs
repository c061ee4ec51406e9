//! The town: six applications with staging and production each, over AWS's own DynamoDB Local, the SQS stand-in and
//! the simulators of ECS, GitHub and a registry, all in this process or below it. Must run inside
//! [`conformance::isolated`]: its ports are fixed and DynamoDB Local listens on every interface.

mod places;
mod seeds;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use conformance::{DynamoDbLocal, sdk_config};
use ecs_sim::{EcsSim, SqsTarget, Timing};
use github_sim::GithubSim;
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::ports::Store;
use sandbox::binaries;
use sandbox::environment::{ACCOUNT, GITHUB_TOKEN, REGION, VARIABLES};
use sandbox::stand_ins::{Registry, Sqs};
use tokio::process::Command;

pub(crate) use places::{Application, EnvironmentRef, OWNER, Service, applications};
use places::{address, port};

/// Everything that workers talk to, running.
pub struct Town {
    folder: tempfile::TempDir,
    logs: PathBuf,
    programs: Programs,
    _dynamodb: DynamoDbLocal,
    sqs: Sqs,
    pub(crate) registry: Registry,
    pub(crate) github: GithubSim,
    pub(crate) ecs: EcsSim,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) mail: aws_sdk_sqs::Client,
}

struct Programs {
    lockstep: PathBuf,
    sample_app: PathBuf,
}

impl Town {
    /// Starts everything and makes table and queues. `tmpdir` is the caller's `env!("CARGO_TARGET_TMPDIR")`, `name`
    /// that of the suite: workers' logs are kept below it.
    ///
    /// # Panics
    /// Anything does not start.
    pub async fn start(tmpdir: &str, name: &str) -> Self {
        let programs = Programs {
            lockstep: binaries::find("lockstep").unwrap(),
            sample_app: binaries::find("sample-app").unwrap(),
        };
        std::fs::create_dir_all(tmpdir).unwrap();
        let folder = tempfile::Builder::new().prefix("chaos-").tempdir_in(tmpdir).unwrap();
        let logs = Path::new(tmpdir).parent().unwrap().join("proof").join(format!("{name}-logs"));
        let _ = std::fs::remove_dir_all(&logs);
        std::fs::create_dir_all(&logs).unwrap();

        let dynamodb = DynamoDbLocal::start().await;
        let sqs = Sqs::start(address(port::SQS), REGION, ACCOUNT).unwrap();
        let registry = Registry::start(address(port::REGISTRY), &folder.path().join("registry")).unwrap();
        sandbox::seeds::push_database(port::REGISTRY, &programs.sample_app).await.unwrap();
        let github = GithubSim::start(github_sim::Config {
            listen: address(port::GITHUB),
            state_file: None,
            registry: registry.host(),
            registry_auth: oci_image::RegistryAuth::Anonymous,
            sample_app: programs.sample_app.clone(),
            tokens: vec![GITHUB_TOKEN.to_owned()],
            // Listed late, as GitHub does.
            knobs: github_sim::Knobs { dispatch_listing_lag_ms: 500, ..github_sim::Knobs::default() },
        });
        let github = github.await.unwrap();
        for application in applications() {
            github.control().create_repository(seeds::repository(&application)).unwrap();
        }
        let ecs = EcsSim::start(ecs_sim::Config {
            listen: address(port::ECS),
            state_file: None,
            work_dir: folder.path().join("tasks"),
            region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            seed: seeds::clusters(),
            // Described late, and events twice and out of order, as AWS does.
            knobs: ecs_sim::Knobs {
                read_lag_ms: 200,
                service_deployment_listing_lag_ms: 500,
                duplicate_events: true,
                reorder_events: true,
                ..ecs_sim::Knobs::default()
            },
            timing: Timing::default(),
            events: Some(SqsTarget {
                endpoint: sqs.endpoint(),
                url: settings::queue_url(port::SQS),
                region: REGION.to_owned(),
            }),
        });
        let ecs = ecs.await.unwrap();

        let tables = aws_sdk_dynamodb::Client::new(&sdk_config(dynamodb.endpoint()));
        let store = Arc::new(DynamoDbStore::new(tables, settings::TABLE.to_owned()));
        let mail = aws_sdk_sqs::Client::new(&sdk_config(&sqs.endpoint()));
        let town =
            Self { folder, logs, programs, _dynamodb: dynamodb, sqs, registry, github, ecs, store, mail };
        let mut init = town.command(&port::DIRECT, &["init"]);
        // A JVM that has only just begun is slow.
        init.envs([
            ("LOCKSTEP__WORKER__CALL_TIMEOUT_SECONDS", "60"),
            ("LOCKSTEP__WORKER__CLAIM_LEASE_SECONDS", "180"),
        ]);
        let init = init.output().await.unwrap();
        assert!(init.status.success(), "lockstep init: {}", String::from_utf8_lossy(&init.stderr));
        town
    }

    /// Which proxy listens where, and for what.
    pub(crate) fn routes() -> Vec<(&'static str, u16, u16)> {
        let (listen, target) = (port::PROXIED, port::DIRECT);
        vec![
            ("DynamoDB", listen.dynamodb, target.dynamodb),
            ("SQS", listen.sqs, target.sqs),
            ("ECS", listen.ecs, target.ecs),
            ("GitHub", listen.github, target.github),
            ("registry", listen.registry, target.registry),
        ]
    }

    /// `lockstep worker`, not started: it reaches every service through a proxy.
    pub(crate) fn worker(&self) -> Command {
        self.command(&port::PROXIED, &["worker"])
    }

    fn command(&self, ports: &places::Ports, arguments: &[&str]) -> Command {
        let config = self.folder.path().join(format!("lockstep-{}.toml", ports.dynamodb));
        if !config.exists() {
            std::fs::write(&config, settings::text(ports)).unwrap();
        }
        let mut command = Command::new(&self.programs.lockstep);
        command.arg("--config").arg(config).args(arguments);
        command.envs(VARIABLES).env_remove("GITHUB_ACTIONS").kill_on_drop(true);
        command
    }

    /// Where a worker logs.
    pub(crate) fn log(&self, worker: &str) -> PathBuf {
        self.logs.join(format!("{worker}.log"))
    }

    /// The queue's URL, for senders that reach it directly.
    pub(crate) fn queue_url() -> String {
        settings::queue_url(port::SQS)
    }

    /// How many messages a queue holds: waiting, delayed or being handled.
    pub(crate) async fn count(&self, url: &str) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let get = self.mail.get_queue_attributes().queue_url(url).set_attribute_names(Some(names.to_vec()));
        let attributes = get.send().await.unwrap().attributes.unwrap();
        names.iter().map(|name| attributes[name].parse::<usize>().unwrap()).sum()
    }

    /// Waits until something holds.
    ///
    /// # Panics
    /// It does not within this time; `otherwise` says what is missing.
    pub(crate) async fn until(
        &self,
        patience: Duration,
        mut holds: impl AsyncFnMut() -> bool,
        otherwise: impl AsyncFnOnce() -> String,
    ) {
        let begun = std::time::Instant::now();
        while !holds().await {
            if begun.elapsed() > patience {
                panic!("after {patience:?} still: {}", otherwise().await);
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Stops everything.
    pub async fn stop(self) {
        self.ecs.shutdown().await;
        self.github.shutdown().await;
        self.registry.shutdown().await;
        self.sqs.shutdown().await;
    }
}
