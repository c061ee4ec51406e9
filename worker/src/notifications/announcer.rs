//! Tells each subscriber of each deployment what it has not been told yet. Every worker has one; they share the work by
//! the record of deliveries: whoever writes a try first makes it, the others come back when it should be over. A crash
//! between a try and its record, or a pause longer than a try, tells somebody twice, under the same id.
//! Must never write to a history, and never fail a deployment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use lockstep_state_machines::{Machine, RetryPolicy};
use tokio_util::sync::CancellationToken;

use super::delivering::Delivering;
use super::{News, Nudges, Subscriber, occasion};
use crate::ports::{Answer, Chance, Clock, DeliveryRecords, Entry, Store};

/// How many of an environment's newest deployments are looked at for news that nobody was told of.
const NEWEST: u32 = 50;

/// How often news is told and for how long.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long after something happened it is still told.
    pub give_up_after: SignedDuration,
    /// After how long a lock is held too long.
    pub lock_held_too_long: SignedDuration,
    /// The longest that one try may take.
    pub try_timeout: Duration,
    /// The waits between tries; its budget does not count here, the time does.
    pub backoff: RetryPolicy,
    /// The time from one look at the lists to the next.
    pub scan: Duration,
}

/// The ports that telling needs.
#[derive(Clone)]
pub struct Ports {
    /// The histories.
    pub store: Arc<dyn Store>,
    /// What was told.
    pub records: Arc<dyn DeliveryRecords>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
}

/// Tells.
pub struct Announcer {
    ports: Ports,
    environments: Vec<(ApplicationName, EnvironmentName)>,
    subscribers: Vec<Subscriber>,
    rules: Rules,
    /// Up to which item everything of a deployment has been told, and whether that was its end. Only of those that the
    /// newest lists still show; what is forgotten here is read again.
    told: BTreeMap<DeploymentId, (u64, bool)>,
    /// What is to be looked at again, and when.
    due: BTreeMap<DeploymentId, Timestamp>,
}

impl Announcer {
    /// Tells these subscribers of these environments.
    #[must_use]
    pub fn new(
        ports: Ports,
        environments: Vec<(ApplicationName, EnvironmentName)>,
        subscribers: Vec<Subscriber>,
        rules: Rules,
    ) -> Self {
        let (told, due) = Default::default();
        Self { ports, environments, subscribers, rules, told, due }
    }

    /// Tells what there is to tell, at each nudge, at the time of each next try, and every [`Rules::scan`] whatever
    /// nobody nudged about; until the shutdown.
    pub async fn run(mut self, mut nudges: Nudges, shutdown: CancellationToken) {
        let clock = Arc::clone(&self.ports.clock);
        loop {
            if shutdown.run_until_cancelled(self.scan()).await.is_none() {
                return;
            }
            let next_scan = later(clock.now(), self.rules.scan);
            while clock.now() < next_scan {
                let next = self.due.values().copied().min().unwrap_or(next_scan).min(next_scan);
                let pause = Duration::try_from(next.duration_since(clock.now())).unwrap_or_default();
                let nudged = tokio::select! {
                    biased;
                    () = shutdown.cancelled() => return,
                    Some(id) = nudges.recv() => Some(id),
                    () = clock.sleep(pause) => None,
                };
                let now = clock.now();
                let due = self.due.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id);
                let ready: Vec<_> = due.chain(nudged).collect();
                for id in ready {
                    if shutdown.run_until_cancelled(self.look(id)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Looks once at every environment's newest deployments and at its lock, and tells what there is to tell.
    pub async fn scan(&mut self) {
        let mut listed = Vec::new();
        for (application, environment) in self.environments.clone() {
            let newest = self.ports.store.deployments(&application, &environment, NEWEST).await;
            match newest {
                Ok(newest) => listed.extend(newest.iter().rev().map(|summary| summary.id)),
                Err(fault) => {
                    tracing::warn!(%application, %environment, fault.message = %fault, "news could not be looked for: again at the next look");
                    // What is known of this environment's deployments stays known.
                    listed.extend(self.told.keys().copied());
                }
            }
            if let Err(fault) = self.look_at_lock(&application, &environment).await {
                tracing::warn!(%application, %environment, fault.message = %fault, "the lock could not be looked at: again at the next look");
            }
        }
        self.told.retain(|id, _| listed.contains(id));
        let open: Vec<_> =
            listed.into_iter().filter(|id| !self.told.get(id).is_some_and(|(_, end)| *end)).collect();
        for id in open {
            self.look(id).await;
        }
    }

    /// Looks at one deployment, and remembers when to look again.
    async fn look(&mut self, id: DeploymentId) {
        self.due.remove(&id);
        match self.announce(id).await {
            Ok(None) => {}
            Ok(Some(at)) => {
                self.due.insert(id, at);
            }
            Err(fault) => {
                tracing::warn!(deployment.id = %id, fault.message = %fault, "news could not be told: again at the next look");
            }
        }
    }

    /// Tells each subscriber everything that is new of a deployment; when to look again, if something is left.
    async fn announce(&mut self, id: DeploymentId) -> Answer<Option<Timestamp>> {
        let after = self.told.get(&id).map_or(0, |(seq, _)| *seq);
        let items = self.ports.store.history(id, after).await?;
        let Some(newest) = items.last() else { return Ok(None) };
        // Anybody may ask for an environment that is none; nobody is told of that.
        let news: Vec<News> = items.iter().filter_map(news).filter(|news| self.is_ours(news)).collect();
        let next = self.tell_all(id, &news).await?;
        if next.is_none() {
            self.told.insert(id, (newest.seq, newest.terminal));
        }
        Ok(next)
    }

    /// Whether it is of an environment that is looked after here.
    fn is_ours(&self, news: &News) -> bool {
        self.environments.iter().any(|(application, environment)| {
            *application == news.application && *environment == news.environment
        })
    }

    /// Whoever holds a lock too long is told of once.
    async fn look_at_lock(
        &mut self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<()> {
        let lock = self.ports.store.environment(application, environment).await?.lock;
        let Some((holder, since)) = lock.holder.zip(lock.since) else { return Ok(()) };
        let limit = self.rules.lock_held_too_long;
        if self.ports.clock.now().duration_since(since) < limit {
            return Ok(());
        }
        let Some(newest) = self.ports.store.newest(holder).await? else { return Ok(()) };
        let Some(machine) = machine(&newest) else { return Ok(()) };
        // It is so now, however long nobody was there to say it: that is not old news.
        let news = News::lock_held_too_long(&newest, &machine, since, self.ports.clock.now());
        // What is left is tried again at the next look.
        self.tell_all(holder, &[news]).await.map(drop)
    }

    /// Tells each subscriber what of this it wants and was not told; when to try again, if something is left.
    async fn tell_all(&self, id: DeploymentId, news: &[News]) -> Answer<Option<Timestamp>> {
        let tell = |to| Delivering { ports: &self.ports, rules: &self.rules, to, id }.tell(news);
        let left = join_all(self.subscribers.iter().map(tell)).await;
        let left: Vec<_> = left.into_iter().collect::<Answer<_>>()?;
        Ok(left.into_iter().flatten().min())
    }
}

/// What an item tells, if anything.
fn news(item: &Entry) -> Option<News> {
    let occasion = occasion::of(item)?;
    Some(News::of(item, &machine(item)?, occasion))
}

/// The machine as of an item; without it there is nothing to tell.
fn machine(item: &Entry) -> Option<Machine> {
    Machine::restore(&item.snapshot)
        .inspect_err(|problem| {
            tracing::warn!(deployment.id = %item.id, history.seq = item.seq, %problem, "an item cannot be told of: another version wrote it");
        })
        .ok()
}

pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
