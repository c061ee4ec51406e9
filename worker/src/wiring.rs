//! Wiring: from configuration to ports. The one place where an adapter is chosen and a secret is read from
//! the environment; must never log or store either.

mod inspection;
mod notifications;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::adapters::aws::{Aws, AwsSettings};
use crate::adapters::chance::SystemChance;
use crate::adapters::clock::SystemClock;
use crate::adapters::dynamodb::{DynamoDbStore, create_table};
use crate::adapters::ecs::EcsCluster;
use crate::adapters::github::{GitHubAuth, GitHubForge, GitHubSettings, GitHubSetupError};
use crate::adapters::readiness::HttpApplication;
use crate::adapters::registry::{OciRegistry, RegistryAuth, RegistrySettings, RegistrySetupError};
use crate::adapters::sqs::{SqsDeadLetters, SqsQueue, create_queues};
use crate::config::{Config, GitHubConfig, RegistryConfig};
use crate::faults::Fault;
use crate::ports::{DeadLetters, Progress, Queue, Store};
use crate::world::{ApplicationWorld, Settings, World};

pub use inspection::{ApplicationInspectors, Inspectors, RegistryInspectors, inspectors};
pub use notifications::worker;

/// How often a message may be delivered before SQS moves it to the dead-letter queue (local use; infra
/// sets it elsewhere).
const MAX_RECEIVE: u32 = 10;

/// Why the ports cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    /// A secret is not in the environment.
    #[error(
        "the environment variable {variable} is not set: it must hold {what} of application {application}"
    )]
    MissingSecret {
        /// Which variable.
        variable: String,
        /// What it must hold.
        what: &'static str,
        /// Whose.
        application: String,
    },
    /// GitHub's client.
    #[error("application {application}: {source}")]
    GitHub {
        /// Whose.
        application: String,
        /// Why.
        source: GitHubSetupError,
    },
    /// The registry's client.
    #[error("application {application}: {source}")]
    Registry {
        /// Whose.
        application: String,
        /// Why.
        source: RegistrySetupError,
    },
    /// Who is to be told cannot be.
    #[error("the environment variable {variable} of notifications.webhooks.{name}: {problem}")]
    Webhook {
        /// Whose.
        name: String,
        /// Which variable.
        variable: String,
        /// What is wrong with it, without its value.
        problem: String,
    },
    /// A name that the configuration's check lets pass, but its type does not.
    #[error(transparent)]
    Name(#[from] lockstep_events::InvalidValue),
    /// A service failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

async fn aws(config: &Config) -> Aws {
    Aws::connect(&aws_settings(config)).await
}

fn aws_settings(config: &Config) -> AwsSettings {
    AwsSettings {
        region: config.aws.region.clone(),
        dynamodb_endpoint: config.aws.dynamodb_endpoint.clone(),
        sqs_endpoint: config.aws.sqs_endpoint.clone(),
        ecs_endpoint: config.aws.ecs_endpoint.clone(),
        call_timeout: seconds(config.worker.call_timeout_seconds),
    }
}

fn table_and_queue_of(aws: &Aws, config: &Config) -> (Arc<dyn Store>, Arc<dyn Queue>) {
    let store = DynamoDbStore::new(aws.dynamodb.clone(), config.table.clone());
    let dead_letter = Some(config.queue.dead_letter_url.clone());
    let queue = SqsQueue::new(aws.sqs.clone(), config.queue.url.clone(), dead_letter);
    (Arc::new(store), Arc::new(queue))
}

/// The table and the queue: all that a sender or a reader needs.
pub async fn table_and_queue(config: &Config) -> (Arc<dyn Store>, Arc<dyn Queue>) {
    table_and_queue_of(&aws(config).await, config)
}

/// The table and the dead-letter queue: all that a redrive needs.
pub async fn table_and_dead_letters(config: &Config) -> (Arc<dyn Store>, Arc<dyn DeadLetters>) {
    let aws = aws(config).await;
    let (dead, queue) = (config.queue.dead_letter_url.clone(), config.queue.url.clone());
    let dead_letters = SqsDeadLetters::new(aws.sqs.clone(), dead, queue);
    (table_and_queue_of(&aws, config).0, Arc::new(dead_letters))
}

/// How far rollouts are: all that somebody who watches asks ECS for.
pub async fn progress(config: &Config) -> Arc<dyn Progress> {
    Arc::new(EcsCluster::new(aws(config).await.ecs))
}

/// Everything that a worker needs.
///
/// # Errors
/// A secret is missing, or a client cannot be made of its settings.
pub async fn world(config: &Config) -> Result<World, WiringError> {
    let aws = aws(config).await;
    let (store, queue) = table_and_queue_of(&aws, config);
    let call_timeout = seconds(config.worker.call_timeout_seconds);
    let mut applications = BTreeMap::new();
    for (name, application) in &config.applications {
        let world = ApplicationWorld {
            config: application.clone(),
            forge: Arc::new(forge(name, &application.github, call_timeout)?),
            registry: Arc::new(registry(name, &application.registry, call_timeout)?),
        };
        applications.insert(name.parse()?, world);
    }
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".to_owned());
    let settings = Settings {
        worker: format!("{host}:{}", std::process::id()),
        lease: seconds(config.worker.claim_lease_seconds),
        call_timeout,
        visibility: seconds(config.worker.visibility_seconds),
        reconcile: seconds(config.worker.reconcile_seconds),
        concurrency: usize::try_from(config.worker.concurrency).unwrap_or(1),
        worker_senders: config.queue.worker_senders.clone(),
    };
    Ok(World {
        store,
        queue,
        cluster: Arc::new(EcsCluster::new(aws.ecs)),
        application: Arc::new(HttpApplication::new(call_timeout)?),
        clock: Arc::new(SystemClock::new()),
        chance: Arc::new(SystemChance),
        applications,
        policy: config.policy(),
        settings,
    })
}

/// Creates table and queues (local use; infra creates them elsewhere). The queue's name is the last part of
/// its configured URL. Doing it again changes nothing.
///
/// # Errors
/// DynamoDB or SQS failed.
pub async fn init(config: &Config) -> Result<(), WiringError> {
    let aws = aws(config).await;
    create_table(&aws.dynamodb, &config.table).await?;
    let name = config.queue.url.rsplit('/').next().unwrap_or("lockstep");
    create_queues(&aws.sqs, name, MAX_RECEIVE, seconds(config.worker.visibility_seconds)).await?;
    Ok(())
}

fn forge(
    application: &str,
    config: &GitHubConfig,
    call_timeout: Duration,
) -> Result<GitHubForge, WiringError> {
    let variable = &config.credential_variable;
    let auth = match config.app_id {
        Some(id) => GitHubAuth::App {
            id,
            private_key: secret(variable, "the GitHub App's private key", application)?,
        },
        None => GitHubAuth::Token(secret(variable, "a GitHub token", application)?),
    };
    let settings = GitHubSettings {
        api_url: config.api_url.clone(),
        owner: config.owner.clone(),
        repository: config.repository.clone(),
        auth,
        call_timeout,
    };
    GitHubForge::new(settings)
        .map_err(|source| WiringError::GitHub { application: application.to_owned(), source })
}

fn registry(
    application: &str,
    config: &RegistryConfig,
    call_timeout: Duration,
) -> Result<OciRegistry, WiringError> {
    OciRegistry::new(registry_settings(application, config, call_timeout)?)
        .map_err(|source| WiringError::Registry { application: application.to_owned(), source })
}

fn registry_settings(
    application: &str,
    config: &RegistryConfig,
    call_timeout: Duration,
) -> Result<RegistrySettings, WiringError> {
    let auth = match &config.username {
        Some(user) => RegistryAuth::Basic {
            user: user.clone(),
            password: secret(&config.password_variable, "the registry's password or token", application)?,
        },
        None => RegistryAuth::Anonymous,
    };
    Ok(RegistrySettings {
        repository: config.repository.clone(),
        auth,
        anonymous_reads: config.anonymous_reads,
        plain_http: config.plain_http,
        call_timeout,
    })
}

fn secret(variable: &str, what: &'static str, application: &str) -> Result<SecretString, WiringError> {
    match std::env::var(variable) {
        Ok(value) if !value.is_empty() => Ok(value.into()),
        _ => Err(WiringError::MissingSecret {
            variable: variable.to_owned(),
            what,
            application: application.to_owned(),
        }),
    }
}

fn seconds(n: u32) -> Duration {
    Duration::from_secs(u64::from(n))
}
