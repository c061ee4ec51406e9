//! Wiring of who is told: from configuration to an announcer, and a world that nudges it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use lockstep_state_machines::RetryPolicy;

use super::{WiringError, aws, seconds, world};
use crate::adapters::dynamodb::DynamoDbStore;
use crate::adapters::webhook::HttpWebhook;
use crate::config::{Config, WebhookConfig};
use crate::notifications::{Announcer, Nudges, Ports, Rules, SigningKey, Subscriber, nudging};
use crate::world::World;

/// The longest that one try may take: a chat answers at once or not at all.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// The first and the last ceiling of the wait between two tries.
const BACKOFF: (SignedDuration, SignedDuration) =
    (SignedDuration::from_secs(5), SignedDuration::from_mins(5));

/// The time from one look at the lists to the next.
const SCAN: Duration = Duration::from_secs(60);

/// Everything that a worker needs, and who tells what becomes of its deployments, if anybody is to be told.
///
/// # Errors
/// As [`world`]; or an address or a signing secret is missing or none.
pub async fn worker(config: &Config) -> Result<(World, Option<(Announcer, Nudges)>), WiringError> {
    let mut world = world(config).await?;
    let notifications = &config.notifications;
    if notifications.webhooks.is_empty() {
        return Ok((world, None));
    }
    let mut subscribers = Vec::new();
    for (name, webhook) in &notifications.webhooks {
        subscribers.push(subscriber(name, webhook)?);
    }
    let records = DynamoDbStore::new(aws(config).await.dynamodb, config.table.clone());
    let ports = Ports {
        store: Arc::clone(&world.store),
        records: Arc::new(records),
        clock: Arc::clone(&world.clock),
        chance: Arc::clone(&world.chance),
    };
    let rules = Rules {
        give_up_after: SignedDuration::from_secs(i64::from(notifications.give_up_after_seconds)),
        lock_held_too_long: SignedDuration::from_secs(i64::from(notifications.lock_held_too_long_seconds)),
        try_timeout: TRY_TIMEOUT,
        backoff: RetryPolicy { budget: u32::MAX, base: BACKOFF.0, cap: BACKOFF.1 },
        scan: SCAN.min(seconds(config.worker.reconcile_seconds)),
    };
    let announcer = Announcer::new(ports, world.environments().collect(), subscribers, rules);
    let (store, nudges) = nudging(Arc::clone(&world.store));
    world.store = Arc::new(store);
    Ok((world, Some((announcer, nudges))))
}

fn subscriber(name: &str, config: &WebhookConfig) -> Result<Subscriber, WiringError> {
    let unusable = |variable: &str, problem: String| WiringError::Webhook {
        name: name.to_owned(),
        variable: variable.to_owned(),
        problem,
    };
    let read = |variable: &str| match std::env::var(variable) {
        Ok(value) if !value.trim().is_empty() => Ok(secrecy::SecretString::from(value)),
        _ => Err(unusable(variable, "it is not set".to_owned())),
    };
    let key = match &config.secret_variable {
        None => None,
        Some(variable) => {
            let key = SigningKey::new(&read(variable)?);
            Some(key.map_err(|problem| unusable(variable, problem.to_string()))?)
        }
    };
    let webhook = HttpWebhook::new(&read(&config.url_variable)?, key, TRY_TIMEOUT)
        .map_err(|problem| unusable(&config.url_variable, problem.to_string()))?;
    Ok(Subscriber::new(name.to_owned(), config, Arc::new(webhook)))
}
