//! What every acceptance test stands on: a sandbox in a folder of its own, workers that are processes, and
//! commands run as users run them. Reads what happened from the table and the services, never from the
//! product's memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep::adapters::aws::{Aws, AwsSettings};
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::ports::{EnvironmentView, Recorded, Store};
use lockstep_events::{DeploymentId, ImageDigest};
use lockstep_state_machines::Machine;
use sandbox::seeds::IMAGES;
use sandbox::{Options, Run, Sandbox, WorkerProcess, settings};
use serde_json::Value;

/// A running sandbox with workers.
pub struct Stage {
    pub sandbox: Sandbox,
    pub store: Arc<dyn Store>,
    workers: Vec<WorkerProcess>,
    folder: tempfile::TempDir,
}

/// The last line of `--wait --json`, and how the command ended.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub run: Run,
    pub json: Value,
}

impl Stage {
    /// A sandbox with one worker.
    pub async fn set() -> Self {
        Self::set_with(Options::default()).await
    }

    /// A sandbox with one worker and other options.
    pub async fn set_with(options: Options) -> Self {
        let mut stage = Self::set_without_worker(options).await;
        stage.add_worker("worker-1");
        stage
    }

    /// A sandbox whose table and queues exist, without a worker.
    pub async fn set_without_worker(options: Options) -> Self {
        Self::open(tempfile::Builder::new().prefix("stage-").tempdir_in(scratch()).unwrap(), options).await
    }

    /// Kills the workers, stops everything and starts it again where it was, without a worker. The queue's
    /// contents are lost.
    pub async fn restart(self, options: Options) -> Self {
        let Self { sandbox, workers, folder, .. } = self;
        for worker in workers {
            worker.kill().await.unwrap();
        }
        sandbox.shutdown().await;
        Self::open(folder, options).await
    }

    async fn open(folder: tempfile::TempDir, options: Options) -> Self {
        let sandbox = Sandbox::start(folder.path(), options).await.unwrap();
        let init = sandbox.run(&["init"]).await.unwrap();
        assert_eq!(init.code, 0, "{init:?}");
        let store = store(&sandbox).await;
        Self { sandbox, store, workers: Vec::new(), folder }
    }

    /// Starts one more worker.
    pub fn add_worker(&mut self, name: &str) {
        self.workers.push(self.sandbox.spawn_worker(name).unwrap());
    }

    /// Starts one more worker with more environment variables, such as `LOCKSTEP__AWS__DYNAMODB_ENDPOINT`.
    pub fn add_worker_with(&mut self, name: &str, variables: &[(&str, &str)]) {
        let log = self.sandbox.places().path(&format!("{name}.log"));
        self.workers.push(self.sandbox.spawn_worker_with(&log, name, variables).unwrap());
    }

    /// Kills the first worker (SIGKILL) and forgets it.
    pub async fn kill_first_worker(&mut self) {
        self.workers.remove(0).kill().await.unwrap();
    }

    /// Runs a command with `--wait --json` and returns its verdict.
    pub async fn wait(&self, arguments: &[&str]) -> Verdict {
        let mut all = vec!["--json"];
        all.extend(arguments);
        all.extend(["--wait", "--wait-timeout", "180"]);
        let run = self.sandbox.run(&all).await.unwrap();
        let last = run.stdout.lines().last().unwrap_or_default();
        let json = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e} in {run:#?}\n{}", self.logs()));
        Verdict { run, json }
    }

    /// Deploys to staging and waits.
    pub async fn deploy(&self) -> Verdict {
        self.wait(&["deploy", "staging"]).await
    }

    /// Promotes a beta and waits.
    pub async fn promote(&self, beta: &str) -> Verdict {
        self.wait(&["promote", beta]).await
    }

    /// A deployment's history.
    pub async fn history(&self, id: DeploymentId) -> Vec<Recorded> {
        self.store.history(id, 0).await.unwrap()
    }

    /// The states that a deployment went through, in order, repeats left out.
    pub async fn states(&self, id: DeploymentId) -> Vec<String> {
        let mut states: Vec<String> = self.history(id).await.into_iter().map(|entry| entry.to).collect();
        states.dedup();
        states
    }

    /// A deployment's newest snapshot.
    pub async fn machine(&self, id: DeploymentId) -> Machine {
        let newest = self.store.newest(id).await.unwrap().unwrap();
        Machine::restore(&newest.snapshot).unwrap()
    }

    /// Waits until a deployment is in a state; fails after a generous while.
    pub async fn until_state(&self, id: DeploymentId, state: &str) {
        let what = format!("{id} in {state}");
        self.until(&what, async || {
            let newest = self.store.newest(id).await.unwrap();
            newest.is_some_and(|newest| newest.to == state)
        })
        .await;
    }

    /// Waits until something holds; fails after a generous while.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !holds().await {
            assert!(begun.elapsed() < Duration::from_secs(120), "never came: {what}\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The digest that an image tag names now, asked of the registry itself.
    pub async fn tag(&self, tag: &str) -> Option<ImageDigest> {
        let url = format!("{}/v2/{IMAGES}/manifests/{tag}", self.sandbox.registry().endpoint());
        let accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
        let answer = reqwest::Client::new().head(url).header("accept", accept).send().await.unwrap();
        let digest = answer.headers().get("docker-content-digest")?;
        Some(digest.to_str().unwrap().parse().unwrap())
    }

    /// What GitHub answers to a GET below the repository; `None` for 404.
    pub async fn github(&self, path: &str) -> Option<Value> {
        let url = format!("{}/repos/acme/sample/{path}", self.sandbox.github().base_uri());
        // GitHub refuses whoever does not say who they are.
        let request = reqwest::Client::new().get(url).header("user-agent", "acceptance");
        let answer = request.bearer_auth(sandbox::environment::GITHUB_TOKEN).send().await.unwrap();
        if answer.status() == 404 {
            return None;
        }
        Some(answer.error_for_status().unwrap().json().await.unwrap())
    }

    /// An environment's lock and record.
    pub async fn environment(&self, name: &str) -> EnvironmentView {
        let (application, environment) = ("sample".parse().unwrap(), name.parse().unwrap());
        self.store.environment(&application, &environment).await.unwrap()
    }

    /// Updates a service as somebody else would: with the SDK, past Lockstep.
    pub async fn update_service(&self, cluster: &str, service: &str, task_definition: &str) {
        let credentials =
            aws_sdk_ecs::config::Credentials::new("somebody", "somebody", None, None, "somebody");
        let config = aws_sdk_ecs::Config::builder()
            .behavior_version(aws_sdk_ecs::config::BehaviorVersion::latest())
            .region(aws_sdk_ecs::config::Region::new(sandbox::environment::REGION))
            .endpoint_url(self.sandbox.ecs().endpoint())
            .credentials_provider(credentials)
            .build();
        let update = aws_sdk_ecs::Client::from_conf(config).update_service();
        update.cluster(cluster).service(service).task_definition(task_definition).send().await.unwrap();
    }

    /// How many builds were started.
    pub fn builds(&self) -> u64 {
        self.sandbox.github().control().build_count("acme", "sample").unwrap().started
    }

    /// What an environment's application answers to a GET; `None` when it does not.
    pub async fn application(&self, environment: &str, path: &str) -> Option<Value> {
        let front = self.sandbox.ecs().front_url(environment, "app").unwrap();
        let answer = reqwest::get(format!("{front}{path}")).await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }

    /// What the workers logged, in the order of their names: for the report of a failing test.
    pub fn logs(&self) -> String {
        let files = std::fs::read_dir(self.sandbox.places().path(".")).unwrap();
        let mut logs: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        logs.sort();
        logs.iter().filter_map(|log| std::fs::read_to_string(log).ok()).collect()
    }
}

impl Verdict {
    /// The deployment's id.
    pub fn id(&self) -> DeploymentId {
        self.text("id").parse().unwrap()
    }

    /// A text of the verdict.
    pub fn text(&self, field: &str) -> String {
        self.json[field].as_str().unwrap_or_else(|| panic!("no {field} in {:#?}", self.run)).to_owned()
    }

    /// Fails unless the deployment ended so, with the exit code that belongs to it.
    #[track_caller]
    pub fn expect(&self, state: &str, code: i32) -> &Self {
        assert_eq!((self.text("state").as_str(), self.run.code), (state, code), "{:#?}", self.run);
        self
    }

    /// Fails unless the reason says this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text("reason").contains(words), "{words:?} is not in {:?}", self.text("reason"));
        self
    }
}

/// The beta tag of a commit.
pub fn beta(version: &str, sha: &str) -> String {
    format!("{version}-{}.beta", &sha[..7])
}

/// A new deployment's id.
pub fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

fn scratch() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn store(sandbox: &Sandbox) -> Arc<dyn Store> {
    // The SDK wants credentials; DynamoDB's stand-in takes any.
    let settings = AwsSettings {
        region: Some(sandbox::environment::REGION.to_owned()),
        dynamodb_endpoint: Some(sandbox.dynamodb().endpoint()),
        sqs_endpoint: None,
        ecs_endpoint: None,
        call_timeout: Duration::from_secs(10),
    };
    let aws = Aws::connect(&settings).await;
    let config = aws.dynamodb.config().to_builder();
    let credentials = aws_sdk_dynamodb::config::Credentials::new("sandbox", "sandbox", None, None, "sandbox");
    let client = aws_sdk_dynamodb::Client::from_conf(config.credentials_provider(credentials).build());
    Arc::new(DynamoDbStore::new(client, settings::TABLE.to_owned()))
}
