//! What can happen in a state, and what it makes of it. Must offer everything that the bounds leave room for;
//! what is left out because it leads to states that are reached anyway is said where it is left out.

use crate::Condition;
use crate::model::{Action, Protocol, Way};
use crate::state::{Handle, Message, State, Step};

const WAYS: [Way; 6] =
    [Way::Well, Way::NotYet, Way::Badly, Way::NoAnswer, Way::NoAnswerAgain, Way::Throttled];

impl Protocol {
    pub(crate) fn offer(&self, state: &State, actions: &mut Vec<Action>) {
        if state.workers.len() < self.bounds.workers {
            self.offer_messages(state, actions);
            self.offer_looks(state, actions);
        }
        for (worker, handle) in state.workers.iter().enumerate() {
            if worker > 0 && state.workers[worker - 1] == *handle {
                continue;
            }
            actions.extend(
                WAYS.iter()
                    .filter(|way| Self::can_go(state, handle.at, **way))
                    .map(|way| Action::Step { worker, way: *way }),
            );
            // A worker that has done nothing yet leaves nothing behind: its message is as if it had not been
            // received.
            let begun = handle.mine != 0 || !self.keeps(Condition::DeleteLast);
            if state.left.crashes > 0 {
                if begun || matches!(handle.at, Step::WakingLate(_)) {
                    actions.push(Action::Crash { worker, after_send: false });
                }
                if handle.at == Step::Deciding && handle.keeps_chain {
                    actions.push(Action::Crash { worker, after_send: true });
                }
            }
            let may_send = handle.at == Step::Resuming || (handle.at == Step::Deciding && handle.fresh);
            if state.left.pauses > 0 && handle.permit && may_send {
                actions.push(Action::Pause { worker });
            }
        }
        self.offer_calls(state, actions);
    }

    fn offer_messages(&self, state: &State, actions: &mut Vec<Action>) {
        for (place, message) in state.messages.iter().enumerate() {
            if place > 0 && state.messages[place - 1] == *message {
                continue;
            }
            let until = self.permits(state, message);
            if until.is_none() || self.may_pass(state, message.deployment) {
                let calls = until.map_or(0, |until| Self::undecided(state, message.deployment, until));
                for (way, landed) in
                    self.first_ways(state).flat_map(|way| (0..1 << calls).map(move |l| (way, l)))
                {
                    actions.push(Action::Deliver { message: place, landed, way, dies: false });
                    if self.merges() && state.left.crashes > 0 {
                        actions.push(Action::Deliver { message: place, landed, way, dies: true });
                    }
                }
            }
            if state.left.duplicates > 0 {
                actions.push(Action::Duplicate { message: place });
            }
            if state.left.losses > 0 && message.wake.is_some() {
                actions.push(Action::Lose { message: place });
            }
        }
    }

    /// The item up to which a lease has passed when this message arrives, if it has waited for one.
    fn permits(&self, state: &State, message: &Message) -> Option<u8> {
        let wake = message.wake.filter(|wake| wake.names != 0)?;
        let until = if wake.early { wake.names - 1 } else { wake.names };
        let standing = state.deployment(message.deployment).item.seq;
        self.keeps(Condition::TakeoverAfterLease).then_some(until.min(standing))
    }

    /// Whether a lease can pass over the newest claim: its holder is gone, or may be paused.
    fn may_pass(&self, state: &State, name: u8) -> bool {
        state.left.pauses > 0 || !Self::holder_is_alive(state, name)
    }

    fn offer_looks(&self, state: &State, actions: &mut Vec<Action>) {
        for deployment in self.requests() {
            let item = state.deployment(deployment).item;
            if item.seq == 0 || item.phase.is_terminal() {
                continue;
            }
            if state.left.cancels > 0 && !item.cancelled {
                actions.push(Action::Cancel { deployment });
            }
            let looked_after = state.messages.iter().any(|message| message.deployment == deployment)
                || state.workers.iter().any(|worker| worker.deployment == deployment);
            if !self.bounds.reconciler || (looked_after && state.left.scans == 0) {
                continue;
            }
            // A look at a claimed item that permits no takeover changes nothing.
            let takes_over = item.claim != 0;
            if takes_over && !self.may_pass(state, deployment) {
                continue;
            }
            let calls = if takes_over { Self::undecided(state, deployment, item.seq) } else { 0 };
            for way in self.first_ways(state) {
                let looks = |landed| Action::Reconcile { deployment, takes_over, landed, way };
                actions.extend((0..1 << calls).map(looks));
            }
        }
    }

    /// How the first step of a worker that has just come in can go: it is a step of its own where states are
    /// not merged.
    fn first_ways(&self, state: &State) -> impl Iterator<Item = Way> + use<> {
        let count = match (self.merges(), state.left.failures) {
            (false, _) => 1,
            (true, 0) => 2,
            (true, _) => 3,
        };
        WAYS.into_iter().take(count)
    }

    fn can_go(state: &State, at: Step, way: Way) -> bool {
        let left = &state.left;
        match (at, way) {
            (_, Way::Well) => !matches!(at, Step::Silent),
            (Step::Deciding | Step::Resuming, Way::NotYet) => true,
            (Step::Deciding, Way::Badly) => left.failures > 0,
            (Step::Calling | Step::Landed, Way::NoAnswer | Way::NoAnswerAgain) => left.timeouts > 0,
            // It was paused until the call was dead.
            (Step::Silent, Way::NoAnswer | Way::NoAnswerAgain) => true,
            (Step::Calling, Way::Throttled) => left.throttles > 0,
            _ => false,
        }
    }

    /// Calls whose senders are gone take effect at any time. (Those whose senders wait do so with the answer,
    /// or when a lease passes.)
    fn offer_calls(&self, state: &State, actions: &mut Vec<Action>) {
        for deployment in self.requests() {
            for (effect, seen) in state.deployment(deployment).effects.iter().enumerate() {
                let mut last = 0;
                for claim in seen.flying.into_iter().filter(|claim| *claim != 0) {
                    let waited_for = state.workers.iter().any(|worker| {
                        worker.deployment == deployment
                            && worker.mine.max(1) == claim
                            && worker.at == Step::Calling
                    });
                    if !waited_for && claim != last {
                        actions.push(Action::Land { deployment, effect, claim });
                    }
                    last = claim;
                }
            }
        }
    }

    /// Does it; false when it cannot be done.
    pub(crate) fn act(&self, state: &mut State, action: Action) -> bool {
        match action {
            Action::Deliver { message: place, landed, way, dies } => {
                let message = state.messages[place];
                if let Some(until) = self.permits(state, &message) {
                    Self::let_pass(state, message.deployment, until, landed);
                }
                state.messages.remove(place);
                let (workers, sent) = (state.workers.len(), state.messages.len());
                let rest = self.receive(state, message);
                if !self.comes_in(state, rest, way) {
                    return false;
                }
                if dies {
                    // Elsewhere than after sending, it dies like a worker that had not received it.
                    if state.workers.len() > workers || state.messages.len() <= sent {
                        return false;
                    }
                    state.left.crashes -= 1;
                    self.send(state, message);
                }
                true
            }
            Action::Reconcile { deployment, takes_over, landed, way } => {
                let looked_after = state.messages.iter().any(|message| message.deployment == deployment)
                    || state.workers.iter().any(|worker| worker.deployment == deployment);
                if looked_after {
                    state.left.scans -= 1;
                }
                if takes_over {
                    let until = state.deployment(deployment).item.seq;
                    Self::let_pass(state, deployment, until, landed);
                }
                let rest = self.look(state, deployment, takes_over, Step::Deciding);
                self.comes_in(state, rest, way)
            }
            Action::Cancel { deployment } => {
                state.left.cancels -= 1;
                let rest = self.look(state, deployment, false, Step::Cancelling);
                self.comes_in(state, rest, Way::Well)
            }
            Action::Step { worker, way } => {
                let gone_on = self.go_on(state, worker, way);
                // Nobody knows of an answer until the wake-up that follows from it is sent.
                let sends = state.workers.get(worker).is_some_and(|handle| self.sends_next(handle));
                gone_on && (!sends || !self.merges() || self.go_on(state, worker, Way::Well))
            }
            Action::Land { deployment, effect, claim } => Self::land(state, deployment, effect, claim),
            Action::Crash { worker, after_send } => {
                state.left.crashes -= 1;
                let handle = state.workers[worker];
                if after_send {
                    let sent = state.messages.len();
                    let waits = self.go_on(state, worker, Way::NotYet);
                    if !waits && !self.go_on(state, worker, Way::Well) || state.messages.len() <= sent {
                        return false;
                    }
                } else {
                    state.workers.remove(worker);
                }
                if let Some(message) = handle.message {
                    self.send(state, message);
                }
                true
            }
            Action::Pause { worker } => {
                state.left.pauses -= 1;
                state.workers[worker].permit = false;
                true
            }
            Action::Duplicate { message } => {
                state.left.duplicates -= 1;
                let again = state.messages[message];
                state.messages.push(again);
                true
            }
            Action::Lose { message } => {
                state.left.losses -= 1;
                state.messages.remove(message);
                true
            }
        }
    }

    /// A worker begins; where states are merged, with its first write.
    fn comes_in(&self, state: &mut State, rest: Option<Handle>, way: Way) -> bool {
        let Some(handle) = rest else { return way == Way::Well };
        state.workers.push(handle);
        !self.merges() || self.first_write(state, way)
    }

    fn let_pass(state: &mut State, name: u8, until: u8, landed: u8) {
        if Self::holder_is_alive(state, name) {
            state.left.pauses = state.left.pauses.saturating_sub(1);
        }
        Self::lease_passes(state, name, until, landed);
    }

    pub(crate) fn go_on(&self, state: &mut State, worker: usize, way: Way) -> bool {
        let handle = state.workers[worker];
        let Some(rest) = self.step(state, handle, way) else { return false };
        match way {
            Way::Badly => state.left.failures = state.left.failures.saturating_sub(1),
            Way::Throttled => state.left.throttles = state.left.throttles.saturating_sub(1),
            Way::NoAnswer | Way::NoAnswerAgain if handle.at != Step::Silent => {
                state.left.timeouts = state.left.timeouts.saturating_sub(1);
            }
            Way::NoAnswer | Way::NoAnswerAgain | Way::Well | Way::NotYet => {}
        }
        match rest {
            Some(rest) => {
                // The write may have made its message, or the takeover that it permits, a thing of the past.
                let message = state.workers[worker].message;
                let takeover = self.permitted(rest.takeover, &state.deployment(rest.deployment).item);
                state.workers[worker] = Handle { message, takeover, ..rest };
            }
            None => {
                state.workers.remove(worker);
            }
        }
        true
    }
}
