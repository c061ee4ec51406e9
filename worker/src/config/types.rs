//! The shape of `lockstep.toml`. Every field's comment is what the configuration reference says of it; a
//! field must never hold a secret.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::SignedDuration;
use lockstep_events::{EnvironmentName, ReleaseTagPattern};
use lockstep_state_machines::{Deadlines, Policy, RetryPolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::freeze::FreezeWindow;
use super::{NotificationsConfig, RequestsConfig};

/// The whole of `lockstep.toml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The DynamoDB table's name.
    pub table: String,
    /// The queue.
    pub queue: QueueConfig,
    /// How AWS is reached.
    #[serde(default)]
    pub aws: AwsConfig,
    /// How a worker works.
    #[serde(default)]
    pub worker: WorkerConfig,
    /// What is done about transient faults.
    #[serde(default)]
    pub retry: RetryConfig,
    /// How long each kind of waiting may last.
    #[serde(default)]
    pub deadlines: DeadlinesConfig,
    /// Who is told what becomes of deployments.
    #[serde(default)]
    pub notifications: NotificationsConfig,
    /// The applications, by name.
    pub applications: BTreeMap<String, ApplicationConfig>,
}

/// The queue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct QueueConfig {
    /// The queue's URL.
    pub url: String,
    /// The dead-letter queue's URL: where messages go that can never be understood.
    pub dead_letter_url: String,
    /// The ids of the roles that workers send wake-ups with, `AROA…`: those of any other sender are not obeyed. Empty:
    /// whoever may send to the queue may wake.
    #[serde(default)]
    pub worker_senders: Vec<String>,
}

/// How AWS is reached. Credentials come from the SDK's usual chain.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AwsConfig {
    /// The region; without it, the SDK's usual chain decides.
    pub region: Option<String>,
    /// Another endpoint for DynamoDB (local stand-ins).
    pub dynamodb_endpoint: Option<String>,
    /// Another endpoint for SQS (local stand-ins).
    pub sqs_endpoint: Option<String>,
    /// Another endpoint for ECS (local stand-ins).
    pub ecs_endpoint: Option<String>,
    /// Another endpoint for STS, which `lockstep doctor` alone asks (local stand-ins).
    pub sts_endpoint: Option<String>,
}

/// How a worker works.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WorkerConfig {
    /// How many messages one worker handles at once (1 to 64).
    pub concurrency: u32,
    /// How long a message stays hidden from other workers without a heartbeat, in seconds.
    pub visibility_seconds: u32,
    /// How long a claim protects the worker that holds it, in seconds: a dead worker's deployment is taken
    /// over after visibility plus this. At least three times `call_timeout_seconds`: a call is sent in the
    /// first third only, may take the second, and is listed by the service within the third, so that who
    /// takes over sees it.
    pub claim_lease_seconds: u32,
    /// The longest that one call to a service may take, in seconds.
    pub call_timeout_seconds: u32,
    /// The shortest pause between two looks at a waiting deployment, in seconds. Looks get rarer the longer a wait
    /// lasts; events (ECS's, the build's) end most waits before the next one.
    pub poll_seconds: u32,
    /// The longest pause between two looks, in seconds (at most 900, what SQS can delay): so late is the end of
    /// a wait seen whose event was lost. As `poll_seconds`, looks are as often all the time.
    pub poll_cap_seconds: u32,
    /// Where the worker answers `/healthz`, `/readyz` and `/metrics`, such as `127.0.0.1:9464`; without it, nowhere. It asks nobody who
    /// they are.
    pub listen: Option<SocketAddr>,
    /// How often every worker looks for deployments whose wake-ups were lost, in seconds on average (1 to
    /// 3600): such a deployment goes on after two of these at most, a claimed one after one more.
    pub reconcile_seconds: u32,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            concurrency: 8,
            visibility_seconds: 60,
            claim_lease_seconds: 60,
            call_timeout_seconds: 15,
            poll_seconds: 10,
            poll_cap_seconds: 120,
            listen: None,
            reconcile_seconds: 120,
        }
    }
}

/// What is done about transient faults: exponential backoff with full jitter, waited out in the queue.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RetryConfig {
    /// How many faults in a row one state survives.
    pub budget: u32,
    /// The first ceiling of the wait, in seconds; it doubles with every fault.
    pub base_seconds: u32,
    /// The last ceiling, in seconds (at most 900, what SQS can delay).
    pub cap_seconds: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self { budget: 8, base_seconds: 2, cap_seconds: 120 }
    }
}

/// How long each kind of waiting may last, in seconds.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeadlinesConfig {
    /// Until the commit's checks have ended.
    pub checks_seconds: u32,
    /// Until the build has ended.
    pub build_seconds: u32,
    /// Until a rollout has ended.
    pub rollout_seconds: u32,
    /// Until the application answers ready, after its rollout.
    pub readiness_seconds: u32,
    /// For every step that acts and does not wait, its retries included.
    pub action_seconds: u32,
}

impl Default for DeadlinesConfig {
    fn default() -> Self {
        Self {
            checks_seconds: 1800,
            build_seconds: 3600,
            rollout_seconds: 1800,
            readiness_seconds: 300,
            action_seconds: 1800,
        }
    }
}

/// One application.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApplicationConfig {
    /// Its repository.
    pub github: GitHubConfig,
    /// Its images.
    pub registry: RegistryConfig,
    /// How a release's git tag is made, such as `{version}` or `release-{version}`. The image tag is always
    /// the version.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub release_tag: ReleaseTagPattern,
    /// Its environments, by name.
    pub environments: BTreeMap<String, EnvironmentConfig>,
}

/// An application's repository on GitHub.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GitHubConfig {
    /// The REST API's URL.
    #[serde(default = "api_url")]
    pub api_url: String,
    /// The repository's owner.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// The GitHub App's id; without it, a token is used.
    pub app_id: Option<u64>,
    /// The environment variable that holds the token, or the App's private key (PEM).
    #[serde(default = "github_variable")]
    pub credential_variable: String,
    /// The file that holds the version, TOML or JSON.
    pub version_file: String,
    /// Where in that file the version stands, dotted.
    #[serde(default = "version_key")]
    pub version_key: String,
    /// The file name of the workflow that builds the image.
    pub build_workflow: String,
    /// Checks that must have passed, by name. Without any, every check that the commit has must pass.
    #[serde(default)]
    pub required_checks: Vec<String>,
}

/// An application's images.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RegistryConfig {
    /// The image repository, `host/name` as a task definition writes it.
    pub repository: String,
    /// The user name; without it, access is anonymous.
    pub username: Option<String>,
    /// The environment variable that holds the password or access token.
    #[serde(default = "registry_variable")]
    pub password_variable: String,
    /// Read anonymously although a user is configured: for access tokens that may only push.
    #[serde(default)]
    pub anonymous_reads: bool,
    /// Speak HTTP without TLS (local stand-ins).
    #[serde(default)]
    pub plain_http: bool,
}

/// Which way an environment is deployed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Builds a commit, deploys the latest release first and the beta after it.
    Staging,
    /// Promotes a validated beta without a rebuild.
    Production,
}

/// One environment of an application.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentConfig {
    /// `staging` or `production`.
    pub kind: Kind,
    /// When no request is taken up, unless it says why it must be (`--despite-freeze`). A deployment that is
    /// under way when a window begins goes on.
    #[serde(default)]
    pub freeze: Vec<FreezeWindow>,
    /// The ECS cluster's name.
    pub cluster: String,
    /// The ECS service's name.
    pub service: String,
    /// The container whose image is deployed; no other of the task may use the same image repository.
    pub container: String,
    /// The environment variables that the container must have a value for, in the task definition itself or from
    /// a secret. Only `lockstep doctor` looks at them.
    #[serde(default)]
    pub required_environment: Vec<String>,
    /// The environment variables that the container must get from a secret. Only `lockstep doctor` looks at them.
    #[serde(default)]
    pub required_secrets: Vec<String>,
    /// How many tasks to run when the service is found at zero.
    #[serde(default = "one")]
    pub desired_count: u32,
    /// How readiness is asked for.
    pub readiness: ReadinessConfig,
    /// The database that every staging deployment makes fresh.
    pub database: Option<DatabaseConfig>,
    /// Staging: the environment whose last healthy release is deployed first; without it, the application's
    /// production environment.
    pub counterpart: Option<String>,
    /// Who may ask for deployments to it; without it, whoever may send to the queue. Production must have it, or say
    /// `anyone_may_ask`.
    pub requests: Option<RequestsConfig>,
    /// Production without `requests`: whoever may send to the queue may deploy it, and nobody has to approve. Said in so many
    /// words, because it is a guard that is left out.
    #[serde(default)]
    pub anyone_may_ask: bool,
}

/// How an environment's readiness is asked for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReadinessConfig {
    /// The URL to GET.
    pub url: String,
    /// How many answers in a row must be 2xx.
    #[serde(default = "three")]
    pub consecutive: u32,
    /// The pause between them, in milliseconds.
    #[serde(default = "pause")]
    pub interval_milliseconds: u32,
    /// A JSON pointer (RFC 6901) to where the answer names the commit that runs; it must equal the
    /// deployed one. Without it only the status counts.
    pub commit_pointer: Option<String>,
}

/// A database that is an ECS service of its own.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseConfig {
    /// The ECS service's name, in the environment's cluster.
    pub service: String,
}

fn api_url() -> String {
    "https://api.github.com".to_owned()
}
fn github_variable() -> String {
    "LOCKSTEP_GITHUB_CREDENTIAL".to_owned()
}
fn registry_variable() -> String {
    "LOCKSTEP_REGISTRY_PASSWORD".to_owned()
}
fn version_key() -> String {
    "package.version".to_owned()
}
fn one() -> u32 {
    1
}
fn three() -> u32 {
    3
}
fn pause() -> u32 {
    1000
}

impl Config {
    /// The state machine's policy.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let seconds = |n: u32| SignedDuration::from_secs(i64::from(n));
        Policy {
            deadlines: Deadlines {
                checks: seconds(self.deadlines.checks_seconds),
                build: seconds(self.deadlines.build_seconds),
                rollout: seconds(self.deadlines.rollout_seconds),
                readiness: seconds(self.deadlines.readiness_seconds),
                action: seconds(self.deadlines.action_seconds),
            },
            poll: seconds(self.worker.poll_seconds),
            poll_cap: seconds(self.worker.poll_cap_seconds),
            retry: RetryPolicy {
                budget: self.retry.budget,
                base: seconds(self.retry.base_seconds),
                cap: seconds(self.retry.cap_seconds),
            },
        }
    }
}

impl ApplicationConfig {
    /// The environment that `of` refers to: its counterpart, or the only one of the other kind.
    #[must_use]
    pub fn counterpart(&self, of: &EnvironmentConfig) -> Option<EnvironmentName> {
        let name = of.counterpart.clone().or_else(|| {
            let mut others = self.environments.iter().filter(|(_, e)| e.kind != of.kind);
            let first = others.next()?;
            others.next().is_none().then(|| first.0.clone())
        });
        name.and_then(|name| name.parse().ok())
    }
}
