//! A worker, step by step, as `worker/src/engine` goes: one step is one write or one message sent or one call,
//! with the reads and the thinking before it. Must never let a worker use what it has not read: between two
//! steps anything may happen, and only a condition of the table tells.

use crate::Condition;
use crate::model::{Protocol, Way};
use crate::state::{Handle, Item, Message, NONE, Outcome, Phase, State, Step, Wake};
use crate::table::{Opened, Written};

/// What a step leaves of the worker.
pub(crate) type Rest = Option<Handle>;

impl Protocol {
    /// A worker takes a message and reads the newest item of the deployment that it is about.
    pub(crate) fn receive(&self, state: &mut State, message: Message) -> Rest {
        let view = state.deployment(message.deployment).item;
        let wake = message.wake.unwrap_or(Wake { number: 0, names: 0, early: false });
        let permitted = !(wake.early && self.keeps(Condition::TakeoverNamesClaim));
        let handle = Handle {
            deployment: message.deployment,
            message: self.keeps(Condition::DeleteLast).then_some(message),
            number: wake.number,
            takeover: if permitted { wake.names } else { 0 },
            keeps_chain: true,
            view,
            mine: 0,
            fresh: false,
            permit: false,
            at: Step::Deciding,
        };
        if view.seq == 0 {
            let token = state.lock_of(message.deployment).token;
            return Some(Handle { at: Step::Opening { token }, ..handle });
        }
        self.decide(handle)
    }

    /// A worker looks at a deployment without a message.
    pub(crate) fn look(&self, state: &State, name: u8, takes_over: bool, at: Step) -> Rest {
        let view = state.deployment(name).item;
        let handle = Handle {
            deployment: name,
            message: None,
            number: NONE,
            takeover: if takes_over { view.seq } else { 0 },
            keeps_chain: false,
            view,
            mine: 0,
            fresh: false,
            permit: false,
            at,
        };
        if at == Step::Deciding { self.decide(handle) } else { Some(handle) }
    }

    /// The head of the loop: goes on with what was read, unless it has ended or the wake-up is stale.
    fn decide(&self, handle: Handle) -> Rest {
        let stale =
            handle.number != NONE && handle.number < handle.view.wake && self.keeps(Condition::WakeNumbers);
        (!handle.view.phase.is_terminal() && !stale).then_some(Handle { at: Step::Deciding, ..handle })
    }

    /// Reads again, after another writer was faster.
    pub(crate) fn again(&self, state: &State, handle: Handle) -> Rest {
        let view = state.deployment(handle.deployment).item;
        self.decide(Handle { view, fresh: false, ..handle })
    }

    /// The worker's next step; `None` when it cannot go this way, else what is left of the worker.
    pub(crate) fn step(&self, state: &mut State, handle: Handle, way: Way) -> Option<Rest> {
        let usual = way == Way::Well;
        Some(match handle.at {
            Step::Opening { token } if usual => self.opening(state, handle, token),
            Step::Rejecting { holder } if usual => self.rejecting(state, handle, holder),
            Step::Cancelling if usual => self.cancelling(state, handle),
            Step::Deciding => return self.deciding(state, handle, way),
            Step::Resuming => return self.resuming(state, handle, way),
            Step::Calling | Step::Landed | Step::Silent => return self.answered(state, handle, way),
            Step::Settling(outcome) if usual => self.settling(state, handle, outcome),
            Step::Committing(outcome) if usual => self.committing(state, handle, outcome),
            Step::WakingLate(wake) if usual => {
                self.send(state, Message { deployment: handle.deployment, wake: Some(wake) });
                None
            }
            Step::Opening { .. }
            | Step::Rejecting { .. }
            | Step::Cancelling
            | Step::Settling(_)
            | Step::Committing(_)
            | Step::WakingLate(_) => return None,
        })
    }

    fn opening(&self, state: &mut State, handle: Handle, token: u8) -> Rest {
        match self.open(state, handle.deployment, token) {
            Opened::Ours | Opened::Recorded => self.again(state, handle),
            Opened::Held(holder) => Some(Handle { at: Step::Rejecting { holder }, ..handle }),
            Opened::Moved => {
                let token = state.lock_of(handle.deployment).token;
                Some(Handle { at: Step::Opening { token }, ..handle })
            }
        }
    }

    fn rejecting(&self, state: &mut State, handle: Handle, holder: u8) -> Rest {
        if self.reject(state, handle.deployment, holder) {
            return None;
        }
        let token = state.lock_of(handle.deployment).token;
        Some(Handle { at: Step::Opening { token }, ..handle })
    }

    fn cancelling(&self, state: &mut State, handle: Handle) -> Rest {
        let Handle { deployment, view, .. } = handle;
        if view.phase.is_terminal() {
            return None;
        }
        let cancelled = Item { seq: view.seq + 1, cancelled: true, ..view };
        let written = match view.phase {
            // Nothing is under way.
            Phase::Checking => self.close(state, deployment, Item { phase: Phase::Failed, ..cancelled }),
            Phase::Waiting => self.append(state, deployment, Item { phase: Phase::Undoing, ..cancelled }),
            // What is under way is settled first, by who holds the claim.
            _ if !view.cancelled => self.append(state, deployment, cancelled),
            _ => Written::Ours,
        };
        let newest = state.deployment(deployment).item;
        match written {
            Written::Lost => Some(Handle { view: newest, ..handle }),
            Written::Ours => self.decide(Handle { view: newest, number: view.wake, ..handle }),
        }
    }

    fn deciding(&self, state: &mut State, handle: Handle, way: Way) -> Option<Rest> {
        match (handle.view.phase, way) {
            (Phase::Checking, Way::Well) => Some(self.checking(state, handle)),
            (Phase::Acting | Phase::Undoing, Way::Well) => self.acting(state, handle),
            (Phase::Waiting, Way::Well) => {
                let last = Item { phase: Phase::Healthy, ..self.following(&handle) };
                Some(self.end(state, handle, last))
            }
            (Phase::Waiting, Way::NotYet) => {
                if handle.keeps_chain {
                    let wake = Wake { number: number(&handle), names: 0, early: false };
                    self.send(state, Message { deployment: handle.deployment, wake: Some(wake) });
                }
                Some(None)
            }
            (Phase::Waiting, Way::Badly) => Some(self.enter(state, handle, Phase::Undoing)),
            _ => None,
        }
    }

    fn checking(&self, state: &mut State, handle: Handle) -> Rest {
        use invariants::Observed;
        let production = state.deployment(handle.deployment).environment > 0;
        if production && self.keeps(Condition::SourceChecked) && !state.proven_or_waived(&0) {
            let last = Item { phase: Phase::Rejected, ..self.following(&handle) };
            return self.end(state, handle, last);
        }
        self.enter(state, handle, Phase::Acting)
    }

    /// The item after the one that was read: unclaimed, under the chain's number.
    pub(crate) fn following(&self, handle: &Handle) -> Item {
        Item { seq: handle.view.seq + 1, claim: 0, wake: number(handle), ..handle.view }
    }

    fn end(&self, state: &mut State, handle: Handle, last: Item) -> Rest {
        match self.close(state, handle.deployment, last) {
            Written::Ours => None,
            Written::Lost => self.again(state, handle),
        }
    }

    /// Commits a transition into a claimed state, with its own claim.
    fn enter(&self, state: &mut State, handle: Handle, phase: Phase) -> Rest {
        let following = self.following(&handle);
        let item = Item { phase, claim: following.seq, ..following };
        match self.append(state, handle.deployment, item) {
            Written::Lost => self.again(state, handle),
            Written::Ours => Some(Handle {
                view: item,
                mine: item.seq,
                fresh: true,
                permit: true,
                at: Step::Deciding,
                ..handle
            }),
        }
    }

    fn acting(&self, state: &mut State, handle: Handle) -> Option<Rest> {
        let claimed = handle.view.claim != 0;
        if claimed && handle.view.claim == handle.mine && handle.fresh {
            if handle.permit || !self.keeps(Condition::Permit) {
                return self.calling(state, handle).map(Some);
            }
            return Some(self.claim(state, handle));
        }
        if !self.keeps(Condition::ClaimBeforeAction) {
            return Some(Some(Handle { permit: true, at: Step::Resuming, ..handle }));
        }
        let named = handle.takeover == handle.view.seq || !self.keeps(Condition::TakeoverNamesItem);
        if !claimed || (handle.takeover != 0 && named) {
            return Some(self.claim(state, handle));
        }
        if handle.keeps_chain {
            let wake = Wake { number: number(&handle), names: handle.view.seq, early: false };
            self.send(state, Message { deployment: handle.deployment, wake: Some(wake) });
        }
        Some(None)
    }

    /// Makes the action this worker's, or its own once more; then it looks before it acts.
    fn claim(&self, state: &mut State, handle: Handle) -> Rest {
        let seq = handle.view.seq + 1;
        let item = Item { seq, claim: seq, ..handle.view };
        match self.append(state, handle.deployment, item) {
            Written::Lost => self.again(state, handle),
            Written::Ours => Some(Handle {
                view: item,
                mine: seq,
                fresh: false,
                permit: true,
                at: Step::Resuming,
                ..handle
            }),
        }
    }

    fn calling(&self, state: &mut State, handle: Handle) -> Option<Handle> {
        let which = handle.view.phase.effect()?;
        let effect = &mut state.deployment_mut(handle.deployment).effects[which];
        Self::call(effect, handle.mine.max(1)).then_some(Handle { at: Step::Calling, ..handle })
    }

    fn resuming(&self, state: &mut State, handle: Handle, way: Way) -> Option<Rest> {
        let effect = state.deployment(handle.deployment).effects[handle.view.phase.effect()?];
        let looks = self.keeps(Condition::Adoption);
        match way {
            Way::Well if looks && effect.applied > 0 => {
                Some(Some(Handle { at: Step::Settling(Outcome::Done), ..handle }))
            }
            Way::NotYet if !looks || effect.applied == 0 || effect.unlisted != 0 => {
                if handle.permit || !self.keeps(Condition::Permit) {
                    return self.calling(state, handle).map(Some);
                }
                // The claim was spent on looking.
                Some(Some(Handle { at: Step::Settling(Outcome::Refused), ..handle }))
            }
            _ => None,
        }
    }
}

/// The number under which the chain goes on: the record's, or the message's own if that is higher.
fn number(handle: &Handle) -> u8 {
    if handle.number == NONE { handle.view.wake } else { handle.view.wake.max(handle.number) }
}
