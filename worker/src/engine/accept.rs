//! Taking up a request: lock and record in one transaction, or rejected: because of the lock in one that finds it
//! held, because of a hold once that transaction has met it.
//! Concurrency is decided by the conditions of those writes and by no read before them.

use jiff::Timestamp;
use lockstep_events::{DeployRequested, DeploymentId, Target};
use lockstep_state_machines::{Kind, Machine, Plan, Refusal, RefusalCode, State};

use super::commit::Note;
use super::drive::Arrival;
use super::freeze::{Judged, judge};
use super::sending::Sending;
use super::{Disposition, Engine, EngineError, door, hold};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Delivery, Lock, Opened, Opening, Recorded, Rejected, Summary};

/// How often the lock may change between reading its token and taking it before the message is left for a
/// later try.
const TRIES: u32 = 8;

impl Engine {
    pub(super) async fn accept(
        &self,
        request: DeployRequested,
        delivery: &Delivery,
    ) -> Result<Disposition, EngineError> {
        let id = request.id;
        let again = Arrival { number: Some(0), takeover_of: None, keeps_chain: true, news_of: None };
        if let Some(newest) = self.world.store.newest(id).await? {
            // Every snapshot holds the request as it came.
            if let Some(reason) = other_payload(&newest, &request) {
                return Ok(Disposition::Park(reason));
            }
            tracing::info!(deployment.id = %id, "the request was delivered again: it is one deployment");
            return self.drive(id, again).await;
        }
        let place = self.world.place(&request.application, &request.environment);
        let requests = place.as_ref().and_then(|place| place.environment.requests.as_ref());
        let operators = requests.map_or(&[][..], |requests| &requests.people_senders);
        let asked = Asked { request: &request, sending: Sending::of(delivery, operators) };
        let Some(place) = place else {
            let message = format!(
                "there is no environment {} of application {} in the worker's configuration",
                request.environment, request.application
            );
            return self.refuse(&asked, None, RefusalCode::WrongTarget, message).await;
        };
        let plan = place.plan();
        // First of all, so that a stranger meets nothing but the door.
        if let Some(requests) = requests
            && let Some(why) =
                door::refuses_request(requests, &request, &asked.sending, self.world.clock.now())
        {
            if !door::is_known(requests, &asked.sending) {
                return self.turn_away(&asked, plan, why).await;
            }
            return self.refuse(&asked, Some(plan), RefusalCode::NotAllowed, why).await;
        }
        if let Some(message) = wrong_target(&request, plan.kind) {
            return self.refuse(&asked, Some(plan), RefusalCode::WrongTarget, message).await;
        }
        for _ in 0..TRIES {
            let view = self.world.store.environment(&request.application, &request.environment).await?;
            let now = self.world.clock.now();
            let mut detail = format!("{} is locked for {}", request.environment, describe(&request.target));
            match judge(place.environment, &request, now) {
                Judged::Open => {}
                Judged::Despite(why) => detail = format!("{detail}, {why}"),
                Judged::Frozen(message) => {
                    return self.refuse(&asked, Some(plan), RefusalCode::Frozen, message).await;
                }
            }
            let machine = Machine::begin(request.clone(), plan, view.lock.token + 1, &self.world.policy, now)
                .sent_by(asked.sending.on_record());
            let note = Note {
                from: "requested",
                to: machine.state(),
                event: "lock-taken",
                detail: &detail,
                wake: 0,
                claim: None,
            };
            let opening = Opening {
                application: request.application.clone(),
                environment: request.environment.clone(),
                observed_token: view.lock.token,
                ended_hold: hold::ended(view.lock.hold.as_ref(), now),
                entry: self.entry(&machine, 1, note, now)?,
                summary: self.summary(&request, now),
            };
            match self.world.store.open(&opening).await? {
                Opened::Written => {
                    tracing::info!(deployment.id = %id, environment = %request.environment, lock.token = machine.deployment().token, "lock taken");
                    return self.drive(id, again).await;
                }
                Opened::AlreadyRecorded(first) => {
                    return match other_payload(&first, &request) {
                        Some(reason) => Ok(Disposition::Park(reason)),
                        None => self.drive(id, again).await,
                    };
                }
                Opened::Held(lock) => {
                    if let Some(disposition) = self.reject_for_lock(&asked, plan, &lock).await? {
                        return Ok(disposition);
                    }
                }
                // Set after it was read, and over already: read again, it is known to have ended.
                Opened::OnHold(hold) if hold.is_over(now) => {}
                Opened::OnHold(hold) => {
                    let message = hold::refusal(&request.environment, &hold);
                    return self.refuse(&asked, Some(plan), RefusalCode::OnHold, message).await;
                }
                Opened::LockMoved => {}
            }
        }
        let message =
            format!("the lock of {} changed {TRIES} times while it was being taken", request.environment);
        Err(Fault::new(Service::DynamoDb, "TransactWriteItems", FaultKind::Contended, message).into())
    }

    /// Records the request as rejected because of the lock's holder; `None` when the lock has moved on.
    async fn reject_for_lock(
        &self,
        asked: &Asked<'_>,
        plan: Plan,
        lock: &Lock,
    ) -> Result<Option<Disposition>, EngineError> {
        let (Some(holder), environment) = (lock.holder, &asked.request.environment) else { return Ok(None) };
        let by = lock.actor.as_deref().unwrap_or("somebody");
        let since = lock.since.map(|at| format!(" since {at:.0}")).unwrap_or_default();
        let message = format!(
            "Another {environment} deployment is already in progress. Please wait for it to complete. (deployment {holder} by {by}{since})"
        );
        let refusal = Refusal { code: RefusalCode::LockHeld, message };
        self.record_rejected(asked, plan, refusal, Because::Holder(holder)).await
    }

    /// Records the request as rejected for a reason that is not the lock.
    async fn refuse(
        &self,
        asked: &Asked<'_>,
        plan: Option<Plan>,
        code: RefusalCode,
        message: String,
    ) -> Result<Disposition, EngineError> {
        let plan = plan.unwrap_or(Plan { kind: Kind::Staging, with_database: false });
        let refusal = Refusal { code, message };
        let rejected = self.record_rejected(asked, plan, refusal, Because::Request).await?;
        Ok(rejected.unwrap_or(Disposition::Done))
    }

    /// Records a request of somebody who may not ask for this environment at all: for whoever asks after its id, and not in
    /// the environment's list. That is read by the environment's own people, and who may ask elsewhere could fill it.
    async fn turn_away(
        &self,
        asked: &Asked<'_>,
        plan: Plan,
        message: String,
    ) -> Result<Disposition, EngineError> {
        tracing::warn!(deployment.id = %asked.request.id, environment = %asked.request.environment, reason = %message, "a request of a stranger");
        let refusal = Refusal { code: RefusalCode::NotAllowed, message };
        let rejected = self.record_rejected(asked, plan, refusal, Because::Stranger).await?;
        Ok(rejected.unwrap_or(Disposition::Done))
    }

    async fn record_rejected(
        &self,
        asked: &Asked<'_>,
        plan: Plan,
        refusal: Refusal,
        because: Because,
    ) -> Result<Option<Disposition>, EngineError> {
        let (now, request) = (self.world.clock.now(), asked.request);
        let message = refusal.message.clone();
        let machine =
            Machine::rejected(request.clone(), plan, refusal, now).sent_by(asked.sending.on_record());
        let (event, because_of) = match because {
            Because::Holder(holder) => ("lock-held", Some(holder)),
            Because::Request | Because::Stranger => ("request-refused", None),
        };
        let summary = Summary {
            outcome: Some(State::Rejected.to_string()),
            reason: Some(message.clone()),
            ..self.summary(request, now)
        };
        let note =
            Note { from: "requested", to: State::Rejected, event, detail: &message, wake: 0, claim: None };
        let rejected = Rejected {
            application: request.application.clone(),
            environment: request.environment.clone(),
            because_of,
            entry: self.entry(&machine, 1, note, now)?,
            summary: (because != Because::Stranger).then_some(summary),
        };
        Ok(match self.world.store.reject(&rejected).await? {
            Opened::Written => {
                tracing::info!(deployment.id = %request.id, environment = %request.environment, reason = %message, "rejected");
                Some(Disposition::Done)
            }
            Opened::AlreadyRecorded(first) => {
                Some(other_payload(&first, request).map_or(Disposition::Done, Disposition::Park))
            }
            Opened::Held(_) | Opened::OnHold(_) | Opened::LockMoved => None,
        })
    }

    /// The deployment's line in its environment's list.
    pub(super) fn summary(&self, request: &DeployRequested, now: Timestamp) -> Summary {
        Summary {
            id: request.id,
            target: describe(&request.target),
            actor: request.requester.actor.clone(),
            at: now,
            outcome: None,
            reason: None,
        }
    }
}

/// A request, and whose it is.
struct Asked<'a> {
    request: &'a DeployRequested,
    sending: Sending,
}

/// Why a request is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Because {
    /// This deployment holds the lock.
    Holder(DeploymentId),
    /// Of what it says, or when.
    Request,
    /// Of who sent it, who is in no list of the environment.
    Stranger,
}

/// What was asked for, in words.
fn describe(target: &Target) -> String {
    match target {
        Target::Commit { reference: None } => "the default branch".to_owned(),
        Target::Commit { reference: Some(reference) } => reference.to_string(),
        Target::Beta { tag } => tag.to_string(),
    }
}

fn wrong_target(request: &DeployRequested, kind: Kind) -> Option<String> {
    let name = &request.environment;
    match (&request.target, kind) {
        (Target::Commit { .. }, Kind::Staging) | (Target::Beta { .. }, Kind::Production) => None,
        (Target::Beta { .. }, Kind::Staging) => {
            Some(format!("{name} takes commits, not beta tags: betas are promoted to production"))
        }
        (Target::Commit { .. }, Kind::Production) => {
            Some(format!("{name} takes beta tags, not commits: deploy to staging, then promote the beta"))
        }
    }
}

/// Why this request cannot be the one that has this record, if it is another (protocol rule 2).
fn other_payload(recorded: &Recorded, request: &DeployRequested) -> Option<String> {
    let recorded = Machine::restore(&recorded.snapshot).ok()?;
    (recorded.deployment().request != *request).then(|| {
        format!(
            "deployment id {} was used before with another payload: a new request needs a new id",
            request.id
        )
    })
}
