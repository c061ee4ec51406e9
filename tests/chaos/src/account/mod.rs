//! The account at the end: every request and every effect, from the table and from the services' own records. Must
//! never ask the product's opinion: the table is read as it is, and compared with what the services did.

mod effects;
mod environments;
mod requests;

use std::collections::BTreeMap;
use std::time::Duration;

use lockstep::ports::Recorded;
use lockstep_events::DeploymentId;
use lockstep_state_machines::Machine;

pub(crate) use effects::github;

use crate::crew::Toll;
use crate::senders::{Counts, Ledger, Sent};
use crate::town::{EnvironmentRef, Town};

/// One request and what became of it.
pub(crate) struct Story {
    pub(crate) id: DeploymentId,
    pub(crate) environment: EnvironmentRef,
    /// Every item of its history.
    pub(crate) history: Vec<Recorded>,
    /// The snapshot of each item.
    pub(crate) machines: Vec<Machine>,
}

impl Story {
    fn outcome(&self) -> &str {
        self.history.last().map_or("none", |item| item.to.as_str())
    }

    fn last(&self) -> Option<&Machine> {
        self.machines.last()
    }

    /// Whether it took its environment's lock.
    fn held_the_lock(&self) -> bool {
        self.history.first().is_some_and(|item| item.event == "lock-taken")
    }
}

/// Everything that was asked for, read back.
pub(crate) struct Account {
    stories: Vec<Story>,
    counts: Counts,
    parked: usize,
    extras: effects::Extras,
}

impl Account {
    /// Reads everything back.
    pub(crate) async fn take(town: &Town, ledger: &Ledger) -> Self {
        let mut stories = Vec::new();
        for Sent { id, environment } in ledger.sent() {
            let history = town.store.history(id, 0).await.unwrap();
            let machines = history.iter().map(|item| Machine::restore(&item.snapshot).unwrap()).collect();
            stories.push(Story { id, environment, history, machines });
        }
        let parked = town.count(&format!("{}-dead-letters", Town::queue_url())).await;
        let extras = effects::Extras::count(town);
        Self { stories, counts: ledger.counts(), parked, extras }
    }

    /// Everything that does not balance, in words.
    pub(crate) async fn discrepancies(&self, town: &Town) -> Vec<String> {
        let mut wrong = requests::discrepancies(&self.stories);
        wrong.extend(environments::discrepancies(town, &self.stories).await);
        wrong.extend(effects::discrepancies(town, &self.stories).await);
        wrong
    }

    fn count(&self, matches: impl Fn(&Recorded) -> bool) -> usize {
        self.stories.iter().flat_map(|story| &story.history).filter(|item| matches(item)).count()
    }

    /// What happened, for the documents.
    pub(crate) fn in_words(&self, toll: &Toll, took: Duration) -> String {
        let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
        for story in &self.stories {
            *verdicts.entry(story.outcome()).or_default() += 1;
        }
        let verdicts: Vec<String> =
            verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
        let environments: std::collections::BTreeSet<_> =
            self.stories.iter().map(|story| &story.environment).collect();
        let (takeovers, faults) =
            (self.count(|item| item.event == "claimed"), self.count(|item| item.event == "transient-fault"));
        let adopted = self.count(was_adopted);
        let items = self.count(|_| true);
        let Counts { repeats, cancellations } = self.counts;
        format!(
            "{} s; {} requests for {} environments ({}), {repeats} repeated and {cancellations} cancelling messages; \
             {items} transitions, {takeovers} takeovers, {adopted} effects adopted, {faults} transient faults recorded; \
             {} kills and {} pauses survived, {} workers ended by themselves, {} started; \
             {} effects, each once ({}); {} message(s) in the dead-letter queue",
            took.as_secs(),
            self.stories.len(),
            environments.len(),
            verdicts.join(", "),
            toll.kills,
            toll.pauses,
            toll.gave_up,
            toll.started,
            self.extras.total(),
            self.extras.in_words(),
            self.parked,
        )
    }
}

/// Whether an item records an effect that had happened already when it was to be done.
fn was_adopted(item: &Recorded) -> bool {
    match item.event.as_str() {
        "rollout-started" => item.detail.contains("already"),
        "build-dispatched" => item.detail.contains("before"),
        "release-published" => item.detail.contains("exists already"),
        "tags-moved" => item.detail.contains("already"),
        "revision-registered" => item.detail.contains("found"),
        _ => false,
    }
}
