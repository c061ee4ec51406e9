//! The model: what can happen in a state, and what must hold in it. Must never judge a state by anything but
//! the shared invariants.

use invariants::{Observed, everything_settled};
use stateright::{Model, Property};

use crate::state::{Deployment, ENVIRONMENTS, Effect, Item, Lock, Message, NONE, Phase, REQUESTS, State};
use crate::{Bounds, Condition, schedule};

/// The protocol within bounds, with one of its conditions taken out or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// How much happens.
    pub bounds: Bounds,
    /// The condition that is taken out.
    pub removed: Option<Condition>,
    /// Whether it is asked of every state if the fair schedule without further faults settles everything. It
    /// costs a run for each state.
    pub fair: bool,
    /// Whether states between which nobody can tell the difference are one.
    pub merged: bool,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An idle worker receives the message with this place in the queue and reads the table. Each bit of
    /// `landed` says of one call that was under way that it took effect in the time that the message waited.
    Deliver {
        /// The message's place.
        message: usize,
        /// Which calls took effect.
        landed: u8,
        /// How its first step goes, where states are merged.
        way: Way,
        /// Whether it dies when the wake-up that it sends is out and this message is not deleted.
        dies: bool,
    },
    /// An idle worker's reconciler looks at a deployment, to take its claim over if that has stood for a lease.
    Reconcile {
        /// Which deployment.
        deployment: u8,
        /// Whether it has seen the item for a lease.
        takes_over: bool,
        /// Which calls took effect in that time.
        landed: u8,
        /// How its first step goes, where states are merged.
        way: Way,
    },
    /// A wish to cancel is received.
    Cancel {
        /// Of which deployment.
        deployment: u8,
    },
    /// The worker at this place goes on.
    Step {
        /// Its place.
        worker: usize,
        /// Which of the ways in which it can go on.
        way: Way,
    },
    /// The call that was sent under this claim takes effect, its sender being gone.
    Land {
        /// For which deployment.
        deployment: u8,
        /// Which effect.
        effect: usize,
        /// Under which claim.
        claim: u8,
    },
    /// The worker at this place dies; with `after_send`, when it has sent the wake-up that it was about to send.
    Crash {
        /// Its place.
        worker: usize,
        /// Whether its next message is out.
        after_send: bool,
    },
    /// The worker at this place stands still until its claim has run out.
    Pause {
        /// Its place.
        worker: usize,
    },
    /// The message at this place will be delivered once more.
    Duplicate {
        /// Its place.
        message: usize,
    },
    /// The message at this place is lost.
    Lose {
        /// Its place.
        message: usize,
    },
}

impl Action {
    /// The deployment to which it happens.
    fn about(self, state: &State) -> u8 {
        match self {
            Self::Deliver { message, .. } | Self::Duplicate { message } | Self::Lose { message } => {
                state.messages[message].deployment
            }
            Self::Step { worker, .. } | Self::Crash { worker, .. } | Self::Pause { worker } => {
                state.workers[worker].deployment
            }
            Self::Reconcile { deployment, .. }
            | Self::Cancel { deployment }
            | Self::Land { deployment, .. } => deployment,
        }
    }
}

/// How a worker goes on, where it is not the worker that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// As usual: the call is answered, the rollout succeeds, what has happened is seen.
    Well,
    /// What is waited for is not there yet; what happened is not listed yet.
    NotYet,
    /// The rollout failed.
    Badly,
    /// The call has no answer.
    NoAnswer,
    /// The same, and the retry budget is spent.
    NoAnswerAgain,
    /// The call is refused for now.
    Throttled,
}

impl Protocol {
    /// The whole protocol.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, removed: None, fair: false, merged: true }
    }

    /// The protocol without a condition.
    #[must_use]
    pub fn without(condition: Condition, bounds: Bounds) -> Self {
        Self { bounds, removed: Some(condition), fair: false, merged: true }
    }

    /// As it is, and each state is asked whether everything settles from there once faults stop.
    #[must_use]
    pub fn with_fair_schedule(self) -> Self {
        Self { fair: true, ..self }
    }

    pub(crate) fn keeps(&self, condition: Condition) -> bool {
        self.removed != Some(condition)
    }

    /// Every request, whether there is a record of it or not.
    pub(crate) fn requests(&self) -> impl Iterator<Item = u8> + use<> {
        0..u8::try_from(self.bounds.requests.len().min(REQUESTS)).unwrap_or(0)
    }

    fn start(&self) -> State {
        let nothing = Item { seq: 0, phase: Phase::Unknown, claim: 0, wake: 0, cancelled: false };
        let deployment = |environment| Deployment {
            environment,
            item: nothing,
            token: 0,
            opened: 0,
            recorded: 0,
            rewritten: 0,
            misled: false,
            effects: [Effect::default(); 2],
        };
        let mut deployments = [deployment(NONE); REQUESTS];
        for (place, environment) in deployments.iter_mut().zip(&self.bounds.requests) {
            *place = deployment(*environment);
        }
        State {
            locks: [Lock { holder: NONE, token: 0, openings: 0, records: 0 }; ENVIRONMENTS],
            deployments,
            messages: self.requests().map(|deployment| Message { deployment, wake: None }).collect(),
            workers: Vec::new(),
            left: self.bounds.faults,
        }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start().canonical(self.bounds.requests.len())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.offer(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let about = action.about(last);
        if !self.act(&mut state, action) {
            return None;
        }
        if self.merges() {
            self.merge(&mut state, about);
        }
        Some(state.canonical(self.bounds.requests.len()))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("one lock holder per environment", |_, state| {
                invariants::one_holder(state).is_ok()
            }),
            Property::<Self>::always("fencing tokens only rise", |_, state| {
                invariants::rising_tokens(state).is_ok()
            }),
            Property::<Self>::always("only a holder turns a request away", |_, state| {
                invariants::turned_away_by_a_holder(state).is_ok()
            }),
            Property::<Self>::always("history is gapless and ends once", |_, state| {
                invariants::gapless_history(state).is_ok()
            }),
            Property::<Self>::always("an environment's record is written only by an end", |_, state| {
                invariants::record_written_only_at_the_end(state).is_ok()
            }),
            Property::<Self>::always("no effect twice", |_, state| {
                invariants::no_effect_twice(state).is_ok()
            }),
            Property::<Self>::always("no effect after the end", |_, state| {
                invariants::no_effect_after_the_end(state).is_ok()
            }),
            Property::<Self>::always("what runs in production was healthy in staging", |_, state| {
                invariants::staging_before_production(state).is_ok()
            }),
            Property::<Self>::always("every accepted request ends", |model, state| {
                model.is_quiet(state).then(|| everything_settled(state)).is_none_or(|answer| answer.is_ok())
                    && (!model.fair || schedule::settles(model, state))
            }),
            Property::<Self>::sometimes(
                "a rollout is healthy after somebody died over it",
                |model, state| {
                    state.left.crashes < model.bounds.faults.crashes.max(1)
                        && has_ended(state, Phase::Healthy)
                },
            ),
        ]
    }
}

impl Protocol {
    /// Whether nothing can happen any more.
    fn is_quiet(&self, state: &State) -> bool {
        if !state.messages.is_empty() || !state.workers.is_empty() {
            return false;
        }
        let mut actions = Vec::new();
        self.offer(state, &mut actions);
        actions.iter().all(|action| matches!(action, Action::Cancel { .. }))
    }
}

fn has_ended(state: &State, phase: Phase) -> bool {
    state.deployments().any(|name| state.deployment(name).item.phase == phase)
}
