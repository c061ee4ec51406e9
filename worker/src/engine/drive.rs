//! Driving a deployment: restore, execute the effect, take its outcome in, commit, go on; until it waits or
//! ends. Every rule about claims and wake-ups is here and in `commit`; what happens next is the machine's.

use std::time::Duration;

use lockstep_events::{Claim, DeploymentId};
use lockstep_state_machines::{Effect, Event, FaultReport, Machine, Step, Transition};

use super::commit::Committed;
use super::{Disposition, Engine, EngineError};
use crate::effects::{self, EffectError, Permit, Scene};
use crate::faults::Fault;
use crate::ports::Recorded;
use crate::world::Place;

/// How a deployment came to be looked at.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    /// The wake-up's number; `None` for a hint, which is never stale.
    pub(super) number: Option<u64>,
    /// The claim that may be taken over if it still stands: it was seen at least a lease ago (protocol rule 6).
    pub(super) takeover_of: Option<Claim>,
    /// Whether this message is the chain of wake-ups, so that waiting on means sending the next one. A hint
    /// or a cancellation comes beside the chain.
    pub(super) keeps_chain: bool,
    /// Of a hint: the item whose state it is about.
    pub(super) news_of: Option<u64>,
}

impl Arrival {
    /// A hint: never stale, permits no takeover and comes beside the chain.
    pub(super) fn hint(newest: &Recorded) -> Self {
        Self { number: None, takeover_of: None, keeps_chain: false, news_of: Some(newest.seq) }
    }
}

/// What one look at a deployment came to.
enum Turn {
    /// Something was recorded (by us, or meanwhile by others): look again at once.
    Again(Box<Recorded>),
    /// Nothing more to do now.
    Over,
}

/// A worker's standing with a deployment while it drives it.
struct Drive {
    arrival: Arrival,
    /// The nonce of this drive's claims. One for each look and not one for each process: a process handles
    /// several messages at once, and two of them may be about one deployment.
    nonce: String,
    /// Whether this worker has just recorded the intent of the present state and not tried it yet.
    fresh: bool,
    /// When this worker's last commit was begun, on its own clock ([`crate::ports::Clock::lived`]).
    committed: Duration,
}

impl Drive {
    /// The number under which the chain goes on: the record's, or this message's own if that is higher. A
    /// wake-up that comes before the commit it was sent for must not go on under the number from before it:
    /// the commit would make that stale, and nobody would wake the deployment again.
    fn number(&self, newest: &Recorded) -> u64 {
        newest.wake.max(self.arrival.number.unwrap_or(0))
    }
}

impl Engine {
    pub(super) async fn drive(&self, id: DeploymentId, arrival: Arrival) -> Result<Disposition, EngineError> {
        let Some(newest) = self.world.store.newest(id).await? else {
            tracing::warn!(deployment.id = %id, "a wake-up for a deployment that has no record: dropped");
            return Ok(Disposition::Done);
        };
        self.drive_from(newest, arrival).await
    }

    /// As [`Self::drive`], from the newest item, which has been read just now.
    pub(super) async fn drive_from(
        &self,
        newest: Recorded,
        arrival: Arrival,
    ) -> Result<Disposition, EngineError> {
        let (world, mut newest) = (&self.world, newest);
        let nonce = format!("{}/{}", world.settings.worker, world.chance.id());
        let mut drive = Drive { arrival, nonce, fresh: false, committed: world.clock.lived() };
        // A wake-up is sent at most one number ahead of the record, so one that claims more counts as that: a
        // number that nobody can reach would make every true wake-up stale.
        let ahead = newest.wake.saturating_add(1);
        drive.arrival.number = drive.arrival.number.map(|number| number.min(ahead));
        loop {
            if newest.terminal || drive.arrival.number.is_some_and(|number| number < newest.wake) {
                return Ok(Disposition::Done);
            }
            match self.turn(&mut drive, newest).await? {
                Turn::Again(recorded) => newest = *recorded,
                Turn::Over => return Ok(Disposition::Done),
            }
        }
    }

    pub(super) fn restore(&self, recorded: &Recorded) -> Result<Machine, EngineError> {
        Machine::restore(&recorded.snapshot)
            .map_err(|source| EngineError::Snapshot { id: recorded.id, source })
    }

    /// The place that a deployment is of.
    pub(super) fn configured<'a>(&'a self, machine: &'a Machine) -> Result<Place<'a>, EngineError> {
        let request = &machine.deployment().request;
        self.world.place(&request.application, &request.environment).ok_or_else(|| {
            EngineError::NotConfigured {
                id: request.id,
                application: request.application.to_string(),
                environment: request.environment.to_string(),
            }
        })
    }

    async fn turn(&self, drive: &mut Drive, newest: Recorded) -> Result<Turn, EngineError> {
        let machine = self.restore(&newest)?;
        let now = self.world.clock.now();
        let takes_over = newest.claim().is_some_and(|claim| drive.arrival.takeover_of == Some(claim));
        if let Some(next) = machine.not_before()
            && now < next
        {
            // A longer wait than the queue can delay comes in pieces; what it permits stays with it.
            let takeover = newest.claim().filter(|_| takes_over);
            self.wait_on(drive, &newest, takeover, next.duration_since(now).unsigned_abs()).await?;
            return Ok(Turn::Over);
        }
        let id = newest.id;
        let effect = machine
            .effect()
            .map_err(|e| EngineError::Inconsistent { id, problem: e.to_string() })?
            .ok_or_else(|| EngineError::Inconsistent { id, problem: "no effect".to_owned() })?;
        let mine = newest.claim.as_deref() == Some(drive.nonce.as_str());
        if effect.is_action() && !(mine && drive.fresh) {
            return self.claim(drive, machine, newest, takes_over).await;
        }
        let outcome = self.execute(drive, &effect, &machine, now).await?;
        let Some(outcome) = outcome else {
            // Too little of the claim was left to act: recording it again renews it.
            drive.fresh = false;
            return self.renew(drive, &machine, newest).await;
        };
        self.record(drive, &effect, newest, outcome).await
    }

    /// Makes the present state's action this worker's, or asks for it to be taken over later.
    async fn claim(
        &self,
        drive: &mut Drive,
        machine: Machine,
        newest: Recorded,
        takes_over: bool,
    ) -> Result<Turn, EngineError> {
        if newest.claim.is_some() && !takes_over && !drive.arrival.keeps_chain {
            // The holder settles it; the chain of wake-ups sees to it that somebody does.
            return Ok(Turn::Over);
        }
        if newest.claim.is_some() && !takes_over {
            // Somebody (perhaps this process, before an ambiguous fault) holds the claim and may still be
            // acting. If nothing has moved for a lease, it is dead.
            let delay = self.world.settings.lease;
            self.send_wake(newest.id, drive.number(&newest), newest.claim(), delay).await?;
            tracing::info!(
                deployment.id = %newest.id, state = %newest.to, history.worker = %newest.worker,
                "claimed by a worker that may be dead: looking again after a lease"
            );
            return Ok(Turn::Over);
        }
        let detail = match newest.claim {
            Some(_) => format!(
                "taken over from its holder: nothing has moved since item {} by {}",
                newest.seq, newest.worker
            ),
            None => "claimed to try again".to_owned(),
        };
        self.write_claim(drive, &machine, &newest, "claimed", &detail).await
    }

    async fn renew(
        &self,
        drive: &mut Drive,
        machine: &Machine,
        newest: Recorded,
    ) -> Result<Turn, EngineError> {
        self.write_claim(drive, machine, &newest, "claim-renewed", "the claim had little time left").await
    }

    async fn write_claim(
        &self,
        drive: &mut Drive,
        machine: &Machine,
        newest: &Recorded,
        event: &'static str,
        detail: &str,
    ) -> Result<Turn, EngineError> {
        let state = machine.state();
        let transition = Transition { from: state, to: state, event, detail: detail.to_owned() };
        let claim = Some(drive.nonce.clone());
        let (begun, now) = (self.world.clock.lived(), self.world.clock.now());
        let committed = self.commit(machine, newest, &transition, newest.wake, claim, now).await?;
        Ok(match committed {
            Committed::Ours(entry) => {
                drive.committed = begun;
                self.attempt_resumed(drive, machine, *entry).await?
            }
            Committed::Lost(theirs) => {
                drive.fresh = false;
                Turn::Again(theirs)
            }
        })
    }

    /// Executes a claimed action of which an earlier try may have taken effect.
    async fn attempt_resumed(
        &self,
        drive: &mut Drive,
        machine: &Machine,
        newest: Recorded,
    ) -> Result<Turn, EngineError> {
        let id = newest.id;
        let effect = machine
            .effect()
            .map_err(|e| EngineError::Inconsistent { id, problem: e.to_string() })?
            .ok_or_else(|| EngineError::Inconsistent { id, problem: "no effect".to_owned() })?;
        drive.fresh = false;
        let outcome = self.execute(drive, &effect, machine, self.world.clock.now()).await?;
        // A fresh claim that was spent on reading: the services are slow. The retry budget and the deadline
        // count that like any other fault.
        let spent = || Outcome { event: Event::Fault(self.spent(machine)), ambiguous: false };
        self.record(drive, &effect, newest, outcome.unwrap_or_else(spent)).await
    }

    /// The effect's outcome; `None` when the claim has too little time left.
    async fn execute(
        &self,
        drive: &Drive,
        effect: &Effect,
        machine: &Machine,
        now: jiff::Timestamp,
    ) -> Result<Option<Outcome>, EngineError> {
        let (request, place) = (&machine.deployment().request, self.configured(machine)?);
        let settings = &self.world.settings;
        let permit = Permit::new(self.world.clock.as_ref(), drive.committed, settings);
        let scene = Scene { world: &self.world, place, machine, resumed: !drive.fresh, permit: &permit, now };
        match effects::execute(effect, &scene).await {
            Ok(event) => Ok(Some(Outcome { event, ambiguous: false })),
            Err(EffectError::ClaimSpent) => Ok(None),
            Err(EffectError::Fault(fault)) => {
                tracing::warn!(
                    deployment.id = %request.id, state = %machine.state(), fault.kind = ?fault.kind,
                    fault.message = %fault, "an effect met a fault"
                );
                let ambiguous = effect.is_action() && fault.may_have_happened();
                Ok(Some(Outcome { event: Event::Fault(self.report(&fault, ambiguous, machine)), ambiguous }))
            }
        }
    }

    fn spent(&self, machine: &Machine) -> FaultReport {
        let faults = machine.deployment().retry.as_ref().map_or(0, |retry| retry.faults).saturating_add(1);
        FaultReport {
            service: "the services that had to be read first".to_owned(),
            message: format!(
                "reading what had to be known first took nearly all of the claim's {} s, so nothing was sent",
                self.world.settings.lease.as_secs()
            ),
            transient: true,
            wait: self.world.policy.retry.ceiling(faults),
            ambiguous: false,
        }
    }

    /// A fault as the machine takes it: with the wait before the next try drawn (full jitter).
    fn report(&self, fault: &Fault, ambiguous: bool, machine: &Machine) -> FaultReport {
        let faults = machine.deployment().retry.as_ref().map_or(0, |retry| retry.faults).saturating_add(1);
        let ceiling = self.world.policy.retry.ceiling(faults).unsigned_abs();
        let jitter = ceiling.mul_f64(self.world.chance.fraction());
        let mut wait = jitter.max(fault.retry_after.unwrap_or_default());
        if ambiguous {
            // It may have taken effect: not again before every service would list that.
            wait = wait.max(self.world.settings.lease);
        }
        FaultReport {
            service: fault.service.to_string(),
            message: fault.to_string(),
            transient: fault.is_transient(),
            wait: wait.try_into().unwrap_or(jiff::SignedDuration::MAX),
            ambiguous,
        }
    }

    /// Takes an outcome in and commits what follows from it. If somebody else's item comes first (a wish to
    /// cancel), the outcome is taken in again on top of it, as long as the claim is still this worker's.
    async fn record(
        &self,
        drive: &mut Drive,
        effect: &Effect,
        newest: Recorded,
        outcome: Outcome,
    ) -> Result<Turn, EngineError> {
        let id = newest.id;
        let mut newest = newest;
        loop {
            let mut machine = self.restore(&newest)?;
            let now = self.world.clock.now();
            let step = machine.handle(&outcome.event, now, &self.world.policy);
            let step = step.map_err(|e| EngineError::Inconsistent { id, problem: e.to_string() })?;
            let transition = match step {
                Step::Stay { .. } if drive.arrival.news_of == Some(newest.seq) => {
                    self.look_again_soon(&newest).await?;
                    return Ok(Turn::Over);
                }
                Step::Stay { pause } => {
                    self.wait_on(drive, &newest, None, pause.unsigned_abs()).await?;
                    return Ok(Turn::Over);
                }
                Step::Moved(transition) => transition,
            };
            let next = self.plan_next(drive, &machine, &outcome, &newest, now);
            let wake = drive.number(&newest).saturating_add(u64::from(next.wake.is_some()));
            if let Some((takeover, delay)) = next.wake {
                let claim = Claim { item: newest.seq + 1, nonce: drive.nonce.clone() };
                let takeover = takeover.then_some(claim);
                self.send_wake(id, wake, takeover, delay).await?;
            }
            let begun = self.world.clock.lived();
            match self.commit(&machine, &newest, &transition, wake, next.claim, now).await? {
                Committed::Ours(entry) => {
                    drive.committed = begun;
                    drive.fresh = transition.from != transition.to;
                    if next.wake.is_some() || entry.terminal {
                        return Ok(Turn::Over);
                    }
                    return Ok(Turn::Again(entry));
                }
                Committed::Lost(theirs) if theirs.seq <= newest.seq => {
                    return Err(EngineError::Inconsistent {
                        id,
                        problem: "its environment's lock is not held by it any more, although its history goes on: somebody removed the lock by hand; give it back or end the deployment".to_owned(),
                    });
                }
                Committed::Lost(theirs) => {
                    let still_ours = theirs.claim == newest.claim && theirs.to == newest.to;
                    if !(effect.is_action() && still_ours) {
                        drive.fresh = false;
                        return Ok(Turn::Again(theirs));
                    }
                    newest = *theirs;
                }
            }
        }
    }

    /// Who holds the claim after a transition, and whether a wake-up takes over from this message.
    fn plan_next(
        &self,
        drive: &Drive,
        machine: &Machine,
        outcome: &Outcome,
        newest: &Recorded,
        now: jiff::Timestamp,
    ) -> Next {
        let mine = || Some(drive.nonce.clone());
        let pause = machine.pause(now, &self.world.policy).unsigned_abs();
        if machine.state().is_terminal() {
            return Next { claim: None, wake: None };
        }
        let same_state = machine.state().to_string() == newest.to;
        if let Event::Requester(_) = &outcome.event {
            // The source is next, and nothing is waited for.
            return Next { claim: None, wake: None };
        }
        if let Event::Fault(_) = &outcome.event {
            // An ambiguous fault of an action keeps the claim, so that only a takeover, a lease later, may go
            // on: whether it tries again or is on the way back, what was sent has then arrived or never will.
            if outcome.ambiguous {
                let lease = self.world.settings.lease;
                return Next { claim: mine(), wake: Some((true, lease)) };
            }
            if same_state {
                // What certainly did not happen may be tried by anybody.
                let delay = machine.not_before().map_or(pause, |at| at.duration_since(now).unsigned_abs());
                return Next { claim: None, wake: Some((false, delay)) };
            }
        }
        if machine.state().is_waiting() {
            return Next { claim: None, wake: Some((false, pause)) };
        }
        if same_state {
            // A fact was recorded; what is to be done next, anybody may do.
            return Next { claim: None, wake: Some((false, pause)) };
        }
        let acts = machine.effect().ok().flatten().is_some_and(|effect| effect.is_action());
        Next { claim: if acts { mine() } else { None }, wake: None }
    }

    /// Nothing to record: the chain of wake-ups goes on under the same number, at no write.
    async fn wait_on(
        &self,
        drive: &Drive,
        newest: &Recorded,
        takeover_of: Option<Claim>,
        delay: Duration,
    ) -> Result<(), EngineError> {
        if drive.arrival.keeps_chain {
            self.send_wake(newest.id, drive.number(newest), takeover_of, delay).await?;
        }
        Ok(())
    }
}

/// What executing an effect came to.
struct Outcome {
    event: Event,
    /// Whether an action met a fault and may have taken effect all the same.
    ambiguous: bool,
}

/// What follows a transition.
struct Next {
    /// The claim in the new item.
    claim: Option<String>,
    /// A wake-up to be sent before the commit: whether it permits a takeover, and after what delay.
    wake: Option<(bool, Duration)>,
}
