//! The machine: statig's hierarchy over [`Deployment`], deadlines, and the typed answer to an event that a
//! state does not expect. Must never let an event vanish, and never move out of a terminal state.

use jiff::{SignedDuration, Timestamp};
use lockstep_events::DeployRequested;
use statig::Outcome;
use statig::blocking::{self, StateExt};

use crate::effect::MissingFact;
use crate::{Deployment, Effect, Ending, Event, Evidence, Phase, Plan, Policy, State, phases};

/// One deployment: its facts, its state, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub(crate) deployment: Deployment,
    pub(crate) state: State,
    pub(crate) since: Timestamp,
    pub(crate) deadline: Option<Timestamp>,
}

/// What handling an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Nothing to record: look again after this long.
    Stay {
        /// [`Policy::pause`].
        pause: SignedDuration,
    },
    /// Something to record before anything else is done.
    Moved(Transition),
}

/// A transition (to the same state when only a fact changed).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// From where.
    pub from: State,
    /// To where.
    pub to: State,
    /// What happened.
    pub event: &'static str,
    /// One line for people.
    pub detail: String,
}

/// An event that the state does not expect. The machine is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event {event} is not expected in state {state}: it answers another state's effect; read the deployment again and drop it"
)]
pub struct UnexpectedEvent {
    /// The state.
    pub state: State,
    /// The event.
    pub event: &'static str,
}

/// What a handler may look at and say.
pub(crate) struct Context<'a> {
    pub(crate) now: Timestamp,
    pub(crate) policy: &'a Policy,
    /// What to record about a transition, in words.
    detail: String,
    /// Until when the present state may last.
    pub(crate) deadline: Option<Timestamp>,
    /// Set when a fact changed although the state did not.
    pub(crate) changed: bool,
    /// What was seen with this event, kept if it turns out to be the failure.
    pub(crate) evidence: Evidence,
}

impl Context<'_> {
    pub(crate) fn say(&mut self, detail: impl Into<String>) {
        self.detail = detail.into();
    }
}

impl Machine {
    /// A deployment that has just taken its environment's lock.
    #[must_use]
    pub fn begin(request: DeployRequested, plan: Plan, token: u64, policy: &Policy, now: Timestamp) -> Self {
        let deployment = Deployment::new(request, plan, token);
        let state = <Facts as blocking::IntoStateMachine>::initial();
        Self { deployment, state, since: now, deadline: after(now, policy.deadline(state)) }
    }

    /// A request that is recorded as rejected without ever taking the lock.
    #[must_use]
    pub fn rejected(request: DeployRequested, plan: Plan, refusal: crate::Refusal, now: Timestamp) -> Self {
        let mut deployment = Deployment::new(request, plan, 0);
        deployment.refusal = Some(refusal);
        Self { deployment, state: State::Rejected, since: now, deadline: None }
    }

    /// With who sent the request, as the queue names senders.
    #[must_use]
    pub fn sent_by(mut self, sender: Option<String>) -> Self {
        self.deployment.sender = sender;
        self
    }

    /// The facts.
    #[must_use]
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when it is in this state: when the intent of its effect was recorded.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Until when it may stay in this state; `None` in a terminal one.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadline
    }

    /// Before this time the effect is not to be tried (after a transient fault).
    #[must_use]
    pub fn not_before(&self) -> Option<Timestamp> {
        self.deployment.retry.as_ref().map(|retry| retry.next_at)
    }

    /// How long to wait for the next look, should this one come to nothing.
    #[must_use]
    pub fn pause(&self, now: Timestamp, policy: &Policy) -> SignedDuration {
        let left = self.deadline.map(|deadline| deadline.duration_since(now));
        let pause = policy.pause(self.state, now.duration_since(self.since), left);
        match self.deployment.early_news {
            Some(news) => pause.min(policy.pause_after_news(now.duration_since(news.at))),
            None => pause,
        }
    }

    /// What to do now; `None` in a terminal state.
    ///
    /// # Errors
    /// The snapshot lacks what its state needs; it was not written by this machine.
    pub fn effect(&self) -> Result<Option<Effect>, MissingFact> {
        Effect::of(self.state, &self.deployment)
    }

    /// What the end means; `None` before it.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.deployment.ending(self.state, self.since)
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// The state does not expect it; nothing has changed.
    pub fn handle(
        &mut self,
        event: &Event,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Step, UnexpectedEvent> {
        let from = self.state;
        let mut cx = Context {
            now,
            policy,
            detail: String::new(),
            deadline: self.deadline,
            changed: false,
            evidence: Evidence::default(),
        };
        let mut facts = Facts(self.deployment.clone());
        let mut leaf = self.state;
        let outcome = leaf.handle(&mut facts, event, &mut cx);
        let mut deployment = facts.0;
        let to = match outcome {
            Outcome::Super => return Err(UnexpectedEvent { state: from, event: event.name() }),
            Outcome::Transition(to) => Some(divert_if_cancelled(&mut deployment, from, to, &mut cx)),
            Outcome::Handled if self.is_overdue(event, now) => {
                Some(phases::overdue(&mut deployment, from, &mut cx))
            }
            Outcome::Handled => {
                phases::answered(&mut deployment, from, event, &mut cx);
                None
            }
        };
        if to.is_none() && !cx.changed {
            return Ok(Step::Stay { pause: self.pause(now, policy) });
        }
        let to = match to.unwrap_or(from) {
            // What was sent last may still take effect: nothing may follow on this deployment before that.
            end if end.is_terminal() && is_ambiguous(event) => State::Settling,
            to => to,
        };
        if to != from {
            deployment.retry = None;
            deployment.early_news = None;
            deployment.waiting_on = None;
            // Verifying what runs already changes nothing.
            deployment.touched |= to.phase() == Phase::Deploying && deployment.runs_already().is_none();
            self.since = now;
            self.deadline = if to.is_terminal() { None } else { after(now, policy.deadline(to)) };
        }
        self.deployment = deployment;
        self.state = to;
        Ok(Step::Moved(Transition { from, to, event: event.name(), detail: cx.detail }))
    }

    fn is_overdue(&self, event: &Event, now: Timestamp) -> bool {
        // A wish to cancel says nothing about what is being waited for.
        !matches!(event, Event::Cancel { .. }) && self.deadline.is_some_and(|deadline| now >= deadline)
    }
}

fn is_ambiguous(event: &Event) -> bool {
    matches!(event, Event::Fault(fault) if fault.ambiguous)
}

fn after(now: Timestamp, wait: SignedDuration) -> Option<Timestamp> {
    // Beyond the end of time is still a deadline: a state without one would never be given up.
    Some(now.checked_add(wait).unwrap_or(Timestamp::MAX))
}

/// A recorded wish to cancel takes effect as soon as the step that was under way is settled.
fn divert_if_cancelled(d: &mut Deployment, from: State, to: State, cx: &mut Context<'_>) -> State {
    let forward = d.failure.is_none() && !to.is_terminal();
    match &d.cancel {
        Some(cancel) if forward => {
            let message = cancel.in_words();
            d.fail(from, crate::FailureCode::Cancelled, message, cx)
        }
        _ => to,
    }
}

impl crate::Cancel {
    /// Who stopped it and why, in words.
    #[must_use]
    pub fn in_words(&self) -> String {
        let reason = self.reason.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        format!("cancelled by {}{reason}", self.by())
    }

    /// Who stopped it: the name is the message's word, the sender the queue's.
    pub(crate) fn by(&self) -> String {
        let sender = self.sender.as_ref().map(|sender| format!(", sent by {sender}")).unwrap_or_default();
        format!("{}{sender}", self.actor)
    }
}

/// statig's shared storage: the facts, changed on a copy until the event has been taken.
pub(crate) struct Facts(Deployment);

/// The inner nodes of the hierarchy.
pub(crate) enum Superstate {
    /// Before and while something is deployed: a failure leads to the way back.
    Forward(State),
    /// On the way back: a failure is noted and the rest is still done.
    Backward(State),
    /// Everything that is not terminal: faults are retried or end it.
    Working(State),
}

impl blocking::IntoStateMachine for Facts {
    type Event<'event> = Event;
    type Context<'context> = Context<'context>;
    type State = State;
    type Superstate<'sub> = Superstate;

    fn initial() -> State {
        State::CheckingSource
    }
}

impl blocking::State<Facts> for State {
    fn call_handler(&mut self, facts: &mut Facts, event: &Event, cx: &mut Context<'_>) -> Outcome<Self> {
        phases::leaf(*self, &mut facts.0, event, cx)
    }

    fn superstate(&mut self) -> Option<Superstate> {
        match self.phase() {
            Phase::Locked | Phase::Built | Phase::Retagged | Phase::Deploying => {
                Some(Superstate::Forward(*self))
            }
            Phase::RollingBack => Some(Superstate::Backward(*self)),
            Phase::Rejected | Phase::Healthy | Phase::RolledBack | Phase::Failed | Phase::Cancelled => None,
        }
    }
}

impl blocking::Superstate<Facts> for Superstate {
    fn call_handler(&mut self, facts: &mut Facts, event: &Event, cx: &mut Context<'_>) -> Outcome<State> {
        let d = &mut facts.0;
        match self {
            Self::Forward(state) => phases::forward(*state, d, event, cx),
            Self::Backward(_) => phases::backward(d, event, cx),
            Self::Working(state) => phases::working(*state, d, event, cx),
        }
    }

    fn superstate(&mut self) -> Option<Superstate> {
        match self {
            Self::Forward(state) | Self::Backward(state) => Some(Self::Working(*state)),
            Self::Working(_) => None,
        }
    }
}
