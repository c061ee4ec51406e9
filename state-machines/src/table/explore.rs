//! Breadth-first through everything that can happen. What does not steer the machine (words, counts of
//! faults) is forgotten between two steps, so that the exploration ends; must never forget what does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::outcomes::outcomes;
use super::samples::{Scenario, policy, reason};
use crate::{Effect, Event, Evidence, Failure, FailureCode, FaultReport, Kind, Machine, Policy, State};

/// What else has to hold for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Nothing.
    Always,
    /// A wish to cancel was recorded while the step was under way.
    CancelPending,
    /// The fault was one more than the retries.
    RetriesSpent,
    /// The deadline passed while it was unknown whether the last call took effect.
    InFlight,
    /// The retries are spent, and it is unknown whether the last call took effect.
    RetriesSpentInFlight,
}

/// A transition that the machine makes. `to` equals `from` when the state stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// From where.
    pub from: State,
    /// The event's name; `deadline` for an undecided look after the deadline.
    pub event: &'static str,
    /// What else has to hold.
    pub when: When,
    /// To where.
    pub to: State,
    /// Whether a failure (or cancellation) was recorded with it.
    pub failing: bool,
    /// Whether it occurs in staging.
    pub staging: bool,
    /// Whether it occurs in production.
    pub production: bool,
}

type Key = (State, &'static str, When, State, bool);

/// The whole table, in the order of the states.
#[must_use]
pub fn rows() -> Vec<Row> {
    let mut found: BTreeMap<Key, (bool, bool)> = BTreeMap::new();
    for scenario in Scenario::all() {
        for key in explore(&scenario) {
            let (staging, production) = found.entry(key).or_default();
            match scenario.plan.kind {
                Kind::Staging => *staging = true,
                Kind::Production => *production = true,
            }
        }
    }
    let row = |((from, event, when, to, failing), (staging, production))| Row {
        from,
        event,
        when,
        to,
        failing,
        staging,
        production,
    };
    found.into_iter().map(row).collect()
}

fn explore(scenario: &Scenario) -> BTreeSet<Key> {
    let policy = policy();
    let begin = scenario.begin(&policy, Timestamp::UNIX_EPOCH);
    let mut seen = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let mut queue = VecDeque::from([begin]);
    while let Some(machine) = queue.pop_front() {
        if !seen.insert(format!("{machine:?}")) {
            continue;
        }
        for happening in happenings(&machine, scenario) {
            if let Some((key, next)) = happening.to(&machine, &policy) {
                keys.insert(key);
                queue.push_back(next);
            }
        }
    }
    keys
}

/// Something that can happen to a machine.
enum Happening {
    /// This event arrives, in time.
    Event(Event),
    /// A transient fault, when as many have been retried as may be; whether what was sent may have happened.
    FaultTooMany { ambiguous: bool },
    /// An undecided look after the deadline; whether what was sent may have happened.
    Deadline { ambiguous: bool },
}

fn happenings(machine: &Machine, scenario: &Scenario) -> Vec<Happening> {
    let effect = machine.effect().ok().flatten();
    // Only what changes something can be ambiguous.
    let acts = effect.as_ref().is_some_and(Effect::is_action);
    let answers = effect.map(|effect| outcomes(&effect, scenario)).unwrap_or_default();
    let cancel = Event::Cancel { actor: "ben".to_owned(), sender: None, reason: None };
    let unlock = Event::Unlock { actor: "ben".to_owned(), reason: reason() };
    let events = answers.into_iter().chain([fault(true, false), fault(false, false), cancel, unlock]);
    let unreadable = acts.then(|| fault(false, true));
    let events = events.chain(unreadable);
    let sure = [Happening::FaultTooMany { ambiguous: false }, Happening::Deadline { ambiguous: false }];
    let unsure = [Happening::FaultTooMany { ambiguous: true }, Happening::Deadline { ambiguous: true }];
    let unsure = unsure.into_iter().filter(|_| acts);
    events.map(Happening::Event).chain(sure).chain(unsure).collect()
}

impl Happening {
    /// What the machine makes of it; nothing if it does not expect it.
    fn to(&self, machine: &Machine, policy: &Policy) -> Option<(Key, Machine)> {
        let (mut next, mut policy) = (machine.clone(), policy.clone());
        let event = match self {
            Self::Event(event) => event.clone(),
            Self::FaultTooMany { ambiguous } => {
                policy.retry.budget = 0;
                fault(true, *ambiguous)
            }
            Self::Deadline { ambiguous } => {
                next.deadline = next.deadline.map(|_| Timestamp::UNIX_EPOCH);
                fault(true, *ambiguous)
            }
        };
        next.handle(&event, Timestamp::UNIX_EPOCH, &policy).ok()?;
        let (before, after) = (machine.deployment(), next.deployment());
        let failed_now = before.failure.is_none() && after.failure.is_some();
        let failing = failed_now || before.unwind_failures.len() < after.unwind_failures.len();
        let cancelled = failed_now
            && before.cancel.is_some()
            && after.failure.as_ref().is_some_and(|f| f.code == FailureCode::Cancelled);
        let settles = next.state() == State::Settling;
        let (name, when) = match self {
            Self::Event(event) if cancelled => (event.name(), When::CancelPending),
            Self::Event(event) if settles => (event.name(), When::InFlight),
            Self::Event(event) => (event.name(), When::Always),
            Self::FaultTooMany { .. } if settles => (event.name(), When::RetriesSpentInFlight),
            Self::FaultTooMany { .. } => (event.name(), When::RetriesSpent),
            Self::Deadline { .. } if settles => ("deadline", When::InFlight),
            Self::Deadline { .. } => ("deadline", When::Always),
        };
        Some(((machine.state(), name, when, next.state(), failing), steering(next)))
    }
}

fn fault(transient: bool, ambiguous: bool) -> Event {
    Event::Fault(FaultReport {
        service: "a service".to_owned(),
        message: "a fault".to_owned(),
        transient,
        wait: SignedDuration::ZERO,
        ambiguous,
    })
}

/// The machine with only what steers it.
fn steering(mut machine: Machine) -> Machine {
    let d = &mut machine.deployment;
    d.retry = None;
    d.waiting_on = None;
    if let Some(failure) = &mut d.failure {
        forget_words(failure);
    }
    d.unwind_failures.truncate(1);
    for failure in &mut d.unwind_failures {
        forget_words(failure);
        failure.code = FailureCode::Service;
    }
    machine
}

fn forget_words(failure: &mut Failure) {
    failure.during.clear();
    failure.message.clear();
    failure.evidence = Evidence::default();
}
