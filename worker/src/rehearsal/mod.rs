//! Rehearsals: what a deployment would do, told by the worker's own engine, state machine and effects over ports that
//! read what is really there and change nothing. Where the deployment would wait, the end that is hoped for is supposed
//! and named; all that can be looked at is looked at.
//!
//! Must never hold a rule of its own about what may be deployed or what comes next, and never let a change through: a
//! port of a rehearsal forwards reads and nothing else.

mod cluster;
mod forge;
mod glass;
mod images;
mod journal;
mod queue;
mod supposed;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockstep_events::{DeployRequested, ImageDigest, Message, WakeUp, encode};
use lockstep_state_machines::{Deployment, Machine, Refusal, State, Step as Taken};
use serde::Serialize;

pub use journal::{Change, Difference, Look};

use crate::config::RequestsConfig;
use crate::engine::{Disposition, Engine, EngineError};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Delivery, Entry};
use crate::world::World;
use journal::{Journal, Noted};

/// More steps than any deployment has.
const LONGEST: usize = 200;

/// What stands for the digest of an image that is not built yet. It is shown to nobody.
fn unbuilt() -> ImageDigest {
    let digest = format!("sha256:{}", "0".repeat(64));
    #[expect(clippy::expect_used, reason = "it is made to fit on the line above")]
    digest.parse().expect("64 hexadecimal digits")
}

/// What a port of a rehearsal says to a call that no deployment's way forward makes here.
fn refused(service: Service, operation: &'static str) -> Fault {
    Fault::new(service, operation, FaultKind::Refused, "no step of a rehearsal needs this")
}

/// What is left out of a rehearsal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Who asks: an environment's `requests` section counts as absent.
    pub requester: bool,
    /// What is in the way at this moment and will not stay: the lock's holder, a hold, a freeze window.
    pub standing: bool,
}

/// What would become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prospect {
    /// It would be accepted, and would be healthy if everything comes to pass that had to be supposed.
    Accepted,
    /// It would be accepted and then wait for this, of which nobody knows how it ends; the rest was looked at as if it
    /// ended well.
    Waits(String),
    /// It would be rejected, with these words.
    Rejected(Refusal),
    /// It would be accepted and then fail, with these words.
    Fails(String),
    /// It could not be looked at.
    NotSeen(Fault),
}

/// One step of the deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The state that it is in.
    pub state: String,
    /// What ends it, as the history would name it.
    pub event: String,
    /// The state that follows.
    pub leads_to: String,
    /// How long it may last, retries included; none for taking the request up.
    pub at_most_seconds: Option<i64>,
    /// What was looked at for it.
    pub looked_at: Vec<Look>,
    /// What it would change.
    pub changes: Vec<Change>,
    /// What came of looking, in the words that the history would have.
    pub found: Option<String>,
    /// What is supposed, where looking tells nothing before.
    pub supposed: Option<String>,
}

/// A deployment that was not made.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// What would become of it.
    pub prospect: Prospect,
    /// Its steps, in order.
    pub steps: Vec<Step>,
    /// What was looked at after the last of them, when something could not be looked at.
    pub looked_at_last: Vec<Look>,
    /// Its facts at the end; none if it could not be taken up.
    pub deployment: Option<Deployment>,
    /// What nobody can know before.
    pub not_known: Vec<String>,
}

impl Rehearsal {
    /// The image that would be deployed, if it is known before.
    #[must_use]
    pub fn digest(&self) -> Option<&ImageDigest> {
        self.deployment.as_ref()?.digest.as_ref().filter(|digest| **digest != unbuilt())
    }
}

/// Rehearses what a request would come to, now.
///
/// # Errors
/// The state machine and this rehearsal do not fit together, or the environment is not configured. What could not be
/// read is no error, but [`Prospect::NotSeen`].
pub async fn rehearse(
    world: &World,
    request: &DeployRequested,
    left_out: LeftOut,
) -> Result<Rehearsal, EngineError> {
    let (journal, suppose_checks) = (Arc::new(Journal::default()), Arc::new(AtomicBool::new(false)));
    let stage = glass::behind(world, request, left_out, &journal, &suppose_checks);
    let rehearsed = Rehearsed { engine: Engine::new(Arc::new(stage)), request, journal, suppose_checks };
    let prospect = match rehearsed.run().await {
        Err(EngineError::Fault(fault)) => Prospect::NotSeen(fault),
        prospect => prospect?,
    };
    rehearsed.report(prospect)
}

/// A rehearsal under way.
struct Rehearsed<'a> {
    engine: Engine,
    request: &'a DeployRequested,
    journal: Arc<Journal>,
    suppose_checks: Arc<AtomicBool>,
}

impl Rehearsed<'_> {
    async fn run(&self) -> Result<Prospect, EngineError> {
        self.deliver(&Message::DeployRequested(Box::new(self.request.clone())), self.sender()).await?;
        let mut waits_for = None;
        for _ in 0..LONGEST {
            let newest = self.journal.newest().ok_or_else(|| self.inconsistent("it was not taken up"))?;
            let machine = self.restore(&newest)?;
            if let Some(prospect) = self.prospect(&machine) {
                return Ok(match (prospect, waits_for) {
                    (Prospect::Accepted, Some(on)) => Prospect::Waits(on),
                    (prospect, _) => prospect,
                });
            }
            if let (State::CheckingSource, Some(on)) = (machine.state(), &machine.deployment().waiting_on) {
                waits_for.get_or_insert_with(|| on.clone());
                self.journal.cannot_know(format!("whether those pass that have not: {on}"));
                self.suppose_checks.store(true, Ordering::Relaxed);
            } else if self.suppose(&newest, machine)? {
                continue;
            }
            let wake = WakeUp { id: newest.id, number: newest.wake, takeover_of: None };
            self.deliver(&Message::WakeUp(wake), None).await?;
        }
        Err(self.inconsistent("it comes to no end"))
    }

    /// What has become of it; `None` while it goes on.
    fn prospect(&self, machine: &Machine) -> Option<Prospect> {
        let deployment = machine.deployment();
        if let Some(refusal) = &deployment.refusal {
            return Some(Prospect::Rejected(refusal.clone()));
        }
        if let Some(fault) = self.journal.fault() {
            return Some(Prospect::NotSeen(fault));
        }
        if let Some(failure) = &deployment.failure {
            return Some(Prospect::Fails(failure.message.clone()));
        }
        (machine.state() == State::Healthy).then_some(Prospect::Accepted)
    }

    /// Goes on as if what is waited for had ended well; false where the worker goes on by itself.
    fn suppose(&self, newest: &Entry, mut machine: Machine) -> Result<bool, EngineError> {
        let world = self.engine.world();
        let place = world.place(&self.request.application, &self.request.environment);
        let place = place.ok_or_else(|| self.inconsistent("its environment is not configured"))?;
        let Some((event, words)) = supposed::supposed(&machine, &place.environment.readiness) else {
            return Ok(false);
        };
        let now = world.clock.now();
        let step = machine.handle(&event, now, &world.policy);
        let Ok(Taken::Moved(transition)) = step else {
            return Err(self.inconsistent(&format!("{} does not end in {step:?}", newest.to)));
        };
        let snapshot = machine.snapshot();
        let snapshot = snapshot.map_err(|source| EngineError::Snapshot { id: self.request.id, source })?;
        let entry = Entry {
            seq: newest.seq + 1,
            at: now,
            from: transition.from.to_string(),
            to: transition.to.to_string(),
            event: transition.event.to_owned(),
            detail: transition.detail,
            claim: None,
            terminal: transition.to.is_terminal(),
            snapshot,
            ..newest.clone()
        };
        self.journal.record(&entry, Some(words));
        Ok(true)
    }

    async fn deliver(&self, message: &Message, sender: Option<String>) -> Result<(), EngineError> {
        let delivery = Delivery {
            message_id: "rehearsal".to_owned(),
            body: encode(message),
            receipt: "rehearsal".to_owned(),
            sender,
            sent_at: Some(self.engine.world().clock.now()),
            origin: None,
        };
        match self.engine.handle(&delivery).await? {
            Disposition::Done => Ok(()),
            Disposition::Park(reason) => Err(self.inconsistent(&reason)),
        }
    }

    /// A sender whom the environment takes such requests from: who really sends is the queue's to say.
    fn sender(&self) -> Option<String> {
        let place = self.engine.world().place(&self.request.application, &self.request.environment)?;
        let requests: &RequestsConfig = place.environment.requests.as_ref()?;
        let (list, senders) = match self.request.requester.workflow_run_id {
            Some(_) => ("workflow_senders", &requests.workflow_senders),
            None => ("people_senders", &requests.people_senders),
        };
        let sender = senders.first()?;
        self.journal.cannot_know(format!(
            "whether the queue names a sender of requests.{list} of {}",
            self.request.environment
        ));
        Some(sender.clone())
    }

    fn report(&self, prospect: Prospect) -> Result<Rehearsal, EngineError> {
        let history = self.journal.history();
        let mut before: Option<State> = None;
        let mut steps = Vec::new();
        let mut not_known = self.journal.not_knowable();
        let (mut deployment, mut looked_at_last) = (None, Vec::new());
        for noted in history {
            let machine = self.restore(&noted.entry)?;
            not_known.extend(noted.supposed.iter().map(|words| format!("whether {words}")));
            if is_fault(&noted.entry) {
                looked_at_last = noted.looked_at;
            } else if !noted.is_claim() {
                let at_most = before.map(|state| self.engine.world().policy.deadline(state).as_secs());
                steps.push(step(noted, at_most));
            }
            before = Some(machine.state());
            deployment = Some(machine.deployment().clone());
        }
        looked_at_last.extend(self.journal.looked_at_since());
        Ok(Rehearsal { prospect, steps, looked_at_last, deployment, not_known })
    }

    fn restore(&self, entry: &Entry) -> Result<Machine, EngineError> {
        Machine::restore(&entry.snapshot).map_err(|source| EngineError::Snapshot { id: entry.id, source })
    }

    fn inconsistent(&self, problem: &str) -> EngineError {
        EngineError::Inconsistent { id: self.request.id, problem: format!("rehearsed: {problem}") }
    }
}

/// Whether a fault was met: it ends a rehearsal, and is no step of the deployment.
fn is_fault(entry: &Entry) -> bool {
    entry.event.ends_with("-fault")
}

/// The words of the history are in it where they tell what was seen; those of a change tell of what was not made.
fn step(noted: Noted, at_most_seconds: Option<i64>) -> Step {
    let Noted { entry, looked_at, changes, supposed } = noted;
    let only_lock = changes.iter().all(|change| matches!(change, Change::TakeLock { .. }));
    let found = Some(journal::in_words(&entry.detail)).filter(|_| only_lock && supposed.is_none());
    Step {
        state: entry.from,
        event: entry.event,
        leads_to: entry.to,
        at_most_seconds,
        looked_at,
        changes,
        found,
        supposed,
    }
}
