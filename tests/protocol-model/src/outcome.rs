//! What a worker makes of an action's outcome: the wake-up that it sends, then the commit, as `record` and
//! `plan_next` in `worker/src/engine/drive.rs`. Must never commit and send in one step: a worker may die
//! between the two.

use crate::Condition;
use crate::model::{Protocol, Way};
use crate::state::{Deployment, Handle, Item, Message, Outcome, Phase, State, Step, Wake};
use crate::table::Written;
use crate::worker::Rest;

/// What follows from an outcome: the next item, and the wake-up that is sent before it.
struct Next {
    item: Item,
    wake: Option<Wake>,
}

impl Protocol {
    pub(crate) fn answered(&self, state: &mut State, handle: Handle, way: Way) -> Option<Rest> {
        let (name, claim) = (handle.deployment, handle.mine.max(1));
        let which = handle.view.phase.effect()?;
        let outcome = match (handle.at, way) {
            (Step::Calling, Way::Well) => {
                Self::land(state, name, which, claim);
                Outcome::Done
            }
            (Step::Landed, Way::Well) => Outcome::Done,
            (Step::Calling, Way::Throttled) => {
                let flying = &mut state.deployment_mut(name).effects[which].flying;
                *flying.iter_mut().find(|call| **call == claim)? = 0;
                flying.sort_unstable();
                Outcome::Refused
            }
            (_, Way::NoAnswer) => Outcome::Ambiguous,
            (_, Way::NoAnswerAgain)
                if handle.view.phase == Phase::Acting || !self.keeps(Condition::EndSettles) =>
            {
                Outcome::GivenUp
            }
            _ => return None,
        };
        Some(Some(Handle { at: Step::Settling(outcome), ..handle }))
    }

    /// What follows from an outcome, as `plan_next` has it.
    fn next(&self, handle: &Handle, outcome: Outcome) -> Next {
        let following = self.following(handle);
        let woken = Item { wake: following.wake + 1, ..following };
        let plain = Some(Wake { number: woken.wake, names: 0, early: false });
        match (outcome, handle.view.phase) {
            (Outcome::Done, Phase::Acting) if handle.view.cancelled => {
                Next { item: Item { phase: Phase::Undoing, claim: following.seq, ..following }, wake: None }
            }
            (Outcome::Done, Phase::Acting) => {
                Next { item: Item { phase: Phase::Waiting, ..woken }, wake: plain }
            }
            (Outcome::Done, _) => Next { item: Item { phase: Phase::Failed, ..following }, wake: None },
            (Outcome::Refused, _) => Next { item: woken, wake: plain },
            (Outcome::GivenUp, Phase::Undoing) => {
                Next { item: Item { phase: Phase::Failed, ..following }, wake: None }
            }
            (Outcome::Ambiguous | Outcome::GivenUp, phase) => {
                let phase = if outcome == Outcome::GivenUp { Phase::Undoing } else { phase };
                if !self.keeps(Condition::AmbiguousKeepsClaim) {
                    return Next { item: Item { phase, ..woken }, wake: plain };
                }
                let takeover = Wake { number: woken.wake, names: woken.seq, early: true };
                Next { item: Item { phase, claim: woken.seq, ..woken }, wake: Some(takeover) }
            }
        }
    }

    /// Whether the worker has an answer and sends a wake-up for it next.
    pub(crate) fn sends_next(&self, handle: &Handle) -> bool {
        match handle.at {
            Step::Settling(outcome) => self.next(handle, outcome).wake.is_some(),
            _ => false,
        }
    }

    pub(crate) fn settling(&self, state: &mut State, handle: Handle, outcome: Outcome) -> Rest {
        if let Some(mut wake) = self.next(&handle, outcome).wake
            && self.keeps(Condition::WakeBeforeCommit)
        {
            let standing = state.deployment(handle.deployment).item.seq;
            if standing >= wake.names {
                // Somebody else's item has the number already, and another claim.
                wake.early = false;
                wake.names = if self.keeps(Condition::TakeoverNamesClaim) { 0 } else { wake.names };
            }
            self.send(state, Message { deployment: handle.deployment, wake: Some(wake) });
            return Some(Handle { at: Step::Committing(outcome), ..handle });
        }
        self.committing(state, handle, outcome)
    }

    pub(crate) fn committing(&self, state: &mut State, handle: Handle, outcome: Outcome) -> Rest {
        let Handle { deployment, view, .. } = handle;
        let Next { item, wake } = self.next(&handle, outcome);
        let written = if item.phase.is_terminal() {
            self.close(state, deployment, item)
        } else {
            Self::not_early_any_more(state, deployment, item.seq);
            self.append(state, deployment, item)
        };
        if written == Written::Lost {
            let Deployment { item: newest, .. } = *state.deployment(deployment);
            let still_mine =
                newest.claim == view.claim && newest.phase == view.phase && newest.seq > view.seq;
            if still_mine {
                return Some(Handle { view: newest, at: Step::Settling(outcome), ..handle });
            }
            return self.again(state, handle);
        }
        match wake {
            _ if item.phase.is_terminal() => None,
            Some(_) if self.keeps(Condition::WakeBeforeCommit) => None,
            Some(wake) => {
                let wake = Wake { early: false, ..wake };
                Some(Handle { view: item, mine: 0, at: Step::WakingLate(wake), ..handle })
            }
            None => {
                let fresh = item.phase != view.phase;
                Some(Handle {
                    view: item,
                    mine: item.claim,
                    fresh,
                    permit: true,
                    at: Step::Deciding,
                    ..handle
                })
            }
        }
    }

    /// The wake-up that was sent for this commit names it, now that it is made.
    fn not_early_any_more(state: &mut State, name: u8, seq: u8) {
        if state.deployment(name).item.seq >= seq {
            return;
        }
        let sent = state.messages.iter_mut().filter(|message| message.deployment == name);
        if let Some(wake) = sent.filter_map(|m| m.wake.as_mut()).find(|w| w.early && w.names == seq) {
            wake.early = false;
        }
    }
}
