//! Who asks: one author for each application, who commits, deploys to staging and promotes what was healthy, all the
//! time; sends some messages twice, asks for the same environment again meanwhile, and changes their mind. Must
//! remember everything that was asked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use lockstep_events::{
    CancelRequested, DeployRequested, DeploymentId, Message, Overrides, Requester, Target, encode,
};
use sandbox::sample::{self, Variant};
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::town::{Application, EnvironmentRef, OWNER, Town};

/// How long an author waits for a deployment before going on without it.
const PATIENCE: Duration = Duration::from_secs(45);

/// A request that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: DeploymentId,
    pub(crate) environment: EnvironmentRef,
}

/// Everything that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    sent: Mutex<Vec<Sent>>,
    counts: Mutex<Counts>,
}

/// Messages beside the first of each request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) repeats: u32,
    pub(crate) cancellations: u32,
}

impl Ledger {
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Remembers a request that was never sent.
    pub(crate) fn invent(&self) {
        let environment = crate::town::applications()[0].environment("staging");
        self.sent.lock().unwrap().push(Sent { id: new_id(), environment });
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock().unwrap()
    }
}

/// One application's author.
pub(crate) struct Author {
    pub(crate) town: Arc<Town>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) application: Application,
    pub(crate) chance: Chance,
    /// When to ask for nothing more. What is being sent is sent and remembered.
    pub(crate) stop: CancellationToken,
}

impl Author {
    /// Asks until told to stop.
    pub(crate) async fn work(mut self) {
        let mut number = 1;
        while !self.stop.is_cancelled() {
            self.day(number).await;
            number += 1;
        }
    }

    /// A commit, its deployment to staging and, if it was healthy there, to production.
    async fn day(&mut self, number: u32) {
        let version = format!("0.{number}.0");
        let variant = self.variant(number);
        let commit = sample::commit("main", &version, variant, &format!("Version {version}"));
        let control = self.town.github.control();
        let sha = control.commit(OWNER, self.application.name, commit).unwrap();
        let staging = self.application.environment("staging");
        let id = self.request(&staging, Target::Commit { reference: Some(sha.parse().unwrap()) }).await;
        if self.chance.percent(25) {
            // A rival, who is refused unless the first has ended by then.
            let pause = self.chance.millis(0, 3_000);
            tokio::time::sleep(pause).await;
            self.request(&staging, Target::Commit { reference: None }).await;
        }
        if self.chance.percent(10) {
            self.change_mind(id).await;
        }
        let outcome = self.ended(id).await;
        if outcome.as_deref() == Some("healthy") {
            let tag = format!("{version}-{}.beta", &sha[..7]).parse().unwrap();
            let production = self.application.environment("production");
            let id = self.request(&production, Target::Beta { tag }).await;
            if self.chance.percent(15) {
                self.change_mind(id).await;
            }
            // Most go on with the next version while production is being deployed to.
            if self.chance.percent(30) {
                self.ended(id).await;
            }
        }
        // Somebody else is at it: no use in asking again at once.
        let busy = outcome.is_none_or(|outcome| outcome == "rejected");
        let pause = self.chance.millis(0, if busy { 12_000 } else { 3_000 });
        tokio::time::sleep(pause).await;
    }

    /// Mostly good; the first one always, so that there is something to go back to.
    fn variant(&mut self, number: u32) -> Variant {
        match self.chance.below(100) {
            _ if number == 1 => Variant::Good,
            0..70 => Variant::Good,
            70..78 => Variant::Slow(700),
            78..84 => Variant::CrashesAtStart,
            84..88 => Variant::CrashesAfter(200),
            88..92 => Variant::NeverReady,
            92..96 => Variant::BrokenMigration,
            _ => Variant::BrokenBuild,
        }
    }

    async fn request(&mut self, environment: &EnvironmentRef, target: Target) -> DeploymentId {
        let id = new_id();
        self.ledger.sent.lock().unwrap().push(Sent { id, environment: environment.clone() });
        let request = DeployRequested {
            id,
            application: environment.application.clone(),
            environment: environment.environment.clone(),
            target,
            requester: requester(),
            requested_at: Timestamp::now(),
            overrides: Overrides::default(),
        };
        let body = encode(&Message::DeployRequested(Box::new(request)));
        self.send(&body).await;
        while self.chance.percent(20) {
            self.ledger.counts.lock().unwrap().repeats += 1;
            self.send(&body).await;
        }
        id
    }

    /// Sometimes at once, sometimes when it is far.
    async fn change_mind(&mut self, id: DeploymentId) {
        let pause = self.chance.millis(0, 9_000);
        tokio::time::sleep(pause).await;
        let reason = Some("changed my mind".parse().unwrap());
        let cancel = CancelRequested { id, requester: requester(), reason };
        self.ledger.counts.lock().unwrap().cancellations += 1;
        self.send(&encode(&Message::CancelRequested(cancel))).await;
    }

    async fn send(&self, body: &str) {
        let send = self.town.mail.send_message().queue_url(Town::queue_url()).message_body(body);
        send.send().await.unwrap();
    }

    /// How a deployment ended, if it did while this author waited.
    async fn ended(&self, id: DeploymentId) -> Option<String> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE && !self.stop.is_cancelled() {
            let newest = self.town.store.newest(id).await.unwrap();
            if let Some(newest) = newest.filter(|newest| newest.terminal) {
                return Some(newest.to);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        None
    }
}

fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

fn requester() -> Requester {
    Requester { actor: "author".to_owned(), workflow_run_id: None, workflow_run_attempt: None }
}
