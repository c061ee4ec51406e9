//! One run: requests and trouble for a while, then neither until everything has settled, then the account.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep_events::DeploymentId;
use tokio_util::sync::CancellationToken;

use crate::account::Account;
use crate::chance::Chance;
use crate::crew::Crew;
use crate::proxy::{Faults, Proxies};
use crate::senders::{Author, Ledger};
use crate::town::{Town, applications};

/// How long everything may take to settle once nothing disturbs it: generous, it is no measurement.
const PATIENCE: Duration = Duration::from_secs(240);

/// What is done to the workers.
pub struct Plan {
    /// The seed of everything that is left to chance here.
    pub seed: u64,
    /// How long requests arrive and workers are disturbed.
    pub disturbed: Duration,
    /// Whether workers are killed and paused.
    pub kills: bool,
    /// What befalls them between themselves and the services.
    pub faults: Arc<Faults>,
}

/// For how long to disturb: `LOCKSTEP_CHAOS_SECONDS`, or this many seconds.
///
/// # Panics
/// The variable is not a number.
#[must_use]
pub fn disturbed_for(default: u64) -> Duration {
    Duration::from_secs(number("LOCKSTEP_CHAOS_SECONDS", default))
}

/// The seed of a run: `LOCKSTEP_CHAOS_SEED`, or this one.
///
/// # Panics
/// The variable is not a number.
#[must_use]
pub fn seed(default: u64) -> u64 {
    number("LOCKSTEP_CHAOS_SEED", default)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// A run whose account balanced.
pub struct Outcome {
    /// What happened, in words.
    pub summary: String,
    ledger: Arc<Ledger>,
}

impl Outcome {
    /// The discrepancies in an account that is taken now: of what was done to the services since.
    pub async fn account_again(&self, town: &Town) -> Vec<String> {
        Account::take(town, &self.ledger).await.discrepancies(town).await
    }

    /// Remembers a request that was never sent.
    pub fn invent_a_request(&self) {
        self.ledger.invent();
    }

    /// One of the deployments that were healthy in staging: its application, its id, and its own task definition.
    ///
    /// # Panics
    /// None was.
    pub async fn healthy(&self, town: &Town) -> (String, DeploymentId, String) {
        for application in applications() {
            let place = application.environment("staging");
            let view = town.store.environment(&place.application, &place.environment).await.unwrap();
            if let Some(release) = view.record.current {
                return (application.name.to_owned(), release.deployment, release.task_definition);
            }
        }
        panic!("nothing was healthy in staging: {}", self.summary)
    }
}

/// Runs it.
///
/// # Panics
/// Something does not settle, or the account does not balance.
pub async fn run(town: Arc<Town>, plan: Plan) -> Outcome {
    let begun = Instant::now();
    let proxies = Proxies::start(&plan.faults).await;
    let (quiet, stop) = (CancellationToken::new(), CancellationToken::new());
    let crew = Crew::new(Arc::clone(&town));
    let crew = tokio::spawn(crew.work(plan.kills.then_some(plan.seed), quiet.clone(), stop.clone()));
    let ledger = Arc::new(Ledger::default());
    let authors: Vec<_> = (0..)
        .zip(applications())
        .map(|(number, application)| Author {
            town: Arc::clone(&town),
            ledger: Arc::clone(&ledger),
            application,
            chance: Chance::new(plan.seed, number),
            stop: quiet.clone(),
        })
        .map(|author| tokio::spawn(author.work()))
        .collect();

    tokio::time::sleep(plan.disturbed).await;
    quiet.cancel();
    plan.faults.stop();
    for author in authors {
        author.await.unwrap();
    }
    settle(&town, &ledger).await;
    stop.cancel();
    let toll = crew.await.unwrap();
    drop(proxies);
    let account = Account::take(&town, &ledger).await;
    let wrong = account.discrepancies(&town).await;
    let summary = format!("{}; {}", account.in_words(&toll, begun.elapsed()), plan.faults.in_words());
    assert!(
        wrong.is_empty(),
        "seed {}: {summary}\n{} discrepancies:\n{}",
        plan.seed,
        wrong.len(),
        wrong.join("\n")
    );
    Outcome { summary, ledger }
}

/// Waits until every request has come to its end and nothing is in the queue.
async fn settle(town: &Town, ledger: &Ledger) {
    let open = async || {
        let mut open = Vec::new();
        for sent in ledger.sent() {
            let newest = town.store.newest(sent.id).await.unwrap();
            if !newest.as_ref().is_some_and(|newest| newest.terminal) {
                let state = newest
                    .map_or("never recorded".to_owned(), |newest| format!("{} {}", newest.to, newest.detail));
                open.push(format!("{} {}: {state}", sent.id, sent.environment));
            }
        }
        open
    };
    town.until(PATIENCE, async || open().await.is_empty(), async || open().await.join("\n")).await;
    let queue = Town::queue_url();
    let count = async || town.count(&queue).await;
    town.until(
        PATIENCE,
        async || count().await == 0,
        async || format!("{} messages in the queue", count().await),
    )
    .await;
}
