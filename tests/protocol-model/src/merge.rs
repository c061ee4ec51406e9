//! What makes the number of states bearable: states between which nobody can tell the difference are made
//! one. Each rule says why it loses nothing; `tests/merging.rs` compares the tables that are reached with and
//! without them. Must never be applied where a condition that a rule rests on is taken out.

use crate::Condition;
use crate::model::{Protocol, Way};
use crate::state::{Deployment, Effect, Handle, Item, Message, NONE, Phase, State, Step, Wake};

impl Protocol {
    /// Whether states are merged: only in the whole protocol.
    pub(crate) fn merges(&self) -> bool {
        self.merged && self.removed.is_none_or(|condition| !matters_to_merging(condition))
    }

    /// The first write of the worker that has just come in, together with its coming in. A worker that has
    /// only read is like a message that has not been received: what it read decides nothing, since its write
    /// is conditional on it, and when that fails it reads again.
    pub(crate) fn first_write(&self, state: &mut State, way: Way) -> bool {
        let worker = state.workers.len() - 1;
        loop {
            let reads = |at| matches!(at, Step::Opening { .. } | Step::Rejecting { .. } | Step::Cancelling);
            let first = if reads(state.workers[worker].at) { Way::Well } else { way };
            let before = state.workers[worker].at;
            if !self.go_on(state, worker, first) {
                return false;
            }
            // The lock was held: that is no write yet.
            let again = matches!(before, Step::Opening { .. })
                && state
                    .workers
                    .get(worker)
                    .is_some_and(|handle| matches!(handle.at, Step::Rejecting { .. } | Step::Opening { .. }));
            if !again {
                return true;
            }
        }
    }

    /// Brings a state in which something has happened to this deployment into the form that stands for all
    /// that are like it.
    pub(crate) fn merge(&self, state: &mut State, name: u8) {
        let mut workers = std::mem::take(&mut state.workers);
        workers.retain_mut(|handle| handle.deployment != name || self.tidy(state, handle));
        state.workers = workers;
        forget_what_is_over(state, name);
        number_anew(state, name);
    }

    /// Whether the worker is still one.
    fn tidy(&self, state: &mut State, handle: &mut Handle) -> bool {
        let item = state.deployment(handle.deployment).item;
        let holds = handle.mine != 0 && item.claim == handle.mine;
        let over = item.phase.is_terminal();
        let lost = match handle.at {
            // Its commit fails, and it reads again.
            Step::Committing(_) => !holds,
            // It reads, or claims, or asks for a takeover: as if its message came now.
            Step::Deciding => !(handle.fresh && handle.mine != 0 && handle.view.claim == handle.mine),
            // Whatever the answer is, nothing follows from it any more. The call goes on without it.
            Step::Calling | Step::Landed | Step::Silent | Step::Settling(_) => over,
            // It sends nothing, and then its commit fails.
            Step::Resuming => over && !handle.permit,
            Step::Opening { .. } | Step::Rejecting { .. } | Step::Cancelling | Step::WakingLate(_) => false,
        };
        let sends_nothing = over && handle.at == Step::Deciding && !handle.permit;
        if sends_nothing || (lost && (over || handle.message.is_some())) {
            if let Some(message) = handle.message {
                self.send(state, message);
            }
            return false;
        }
        if !matches!(handle.at, Step::Deciding | Step::Resuming) {
            handle.permit = false;
        }
        if handle.at != Step::Deciding {
            handle.fresh = false;
        }
        if handle.message.is_some() {
            // It is read from the message again when it matters.
            handle.takeover = 0;
        }
        true
    }
}

/// Whether a rule here rests on the condition: a stale write fails, a stale opening fails, a message that is
/// being handled is still there.
fn matters_to_merging(condition: Condition) -> bool {
    match condition {
        Condition::PutIfAbsent
        | Condition::LockFree
        | Condition::TokenAsRead
        | Condition::RejectUnderLock
        | Condition::CloseUnderLock
        | Condition::ClaimBeforeAction
        | Condition::TakeoverNamesItem
        | Condition::TakeoverNamesClaim
        | Condition::WakeNumbers
        | Condition::WakeBeforeCommit
        | Condition::DeleteLast => true,
        Condition::ReleaseWithEnd
        | Condition::Permit
        | Condition::TakeoverAfterLease
        | Condition::Adoption
        | Condition::AmbiguousKeepsClaim
        | Condition::EndSettles
        | Condition::SourceChecked => false,
    }
}

/// Nobody asks again for the result of an action whose state has been left, nor for the claim of a deployment
/// that has ended.
fn forget_what_is_over(state: &mut State, name: u8) {
    let deployment = state.deployment_mut(name);
    let phase = deployment.item.phase;
    for (which, effect) in deployment.effects.iter_mut().enumerate() {
        if phase.effect() != Some(which) {
            effect.unlisted = 0;
        }
        // What went wrong is kept, for it is judged by.
        if phase.is_terminal() && effect.applied == 1 && effect.late == 0 {
            effect.applied = 0;
        }
    }
    if phase.is_terminal() {
        deployment.item.claim = 0;
        deployment.item.cancelled = false;
    }
}

/// Numbers of items, claims and wake-ups matter by their order only. The newest item has the highest number
/// that is in use, the wake-up that the record names is number 1, and stale ones are 0.
fn number_anew(state: &mut State, name: u8) {
    let Deployment { item: newest, effects, rewritten, .. } = *state.deployment(name);
    if newest.seq == 0 || rewritten != 0 {
        return;
    }
    let mine = |handle: &&Handle| handle.deployment == name;
    let calls = effects.iter().flat_map(|effect| effect.flying.into_iter().chain([effect.unlisted]));
    let claims = state.workers.iter().filter(mine).flat_map(|handle| [handle.mine, handle.view.claim]);
    // One bit for each number in use below the newest; a history has far fewer items within any bounds.
    let mut used = 0_u64;
    for number in calls.chain(claims).chain([newest.claim]) {
        if number != 0 && number < newest.seq {
            used |= 1 << number.min(63);
        }
    }
    let rank = |number: u8| {
        let below = (used & ((1_u64 << number.min(63)) - 1)).count_ones();
        let below = u8::try_from(below).unwrap_or(NONE);
        match number {
            0 => 0,
            number if number > newest.seq => below + 2,
            _ => below + 1,
        }
    };
    let wake = |number: u8| match number {
        NONE => NONE,
        number if number < newest.wake => 0,
        number => number - newest.wake + 1,
    };
    let message = |message: Message| {
        let renumbered = |w: Wake| Wake { number: wake(w.number), names: rank(w.names), early: w.early };
        Message { wake: message.wake.map(renumbered), ..message }
    };
    let item = |item: Item| {
        // Whoever writes after an item that is not the newest fails, whichever it is.
        let seq = if item.seq == newest.seq { rank(item.seq) } else { 0 };
        Item { seq, claim: rank(item.claim), wake: wake(item.wake), ..item }
    };
    for sent in state.messages.iter_mut().filter(|sent| sent.deployment == name) {
        *sent = message(*sent);
    }
    for handle in state.workers.iter_mut().filter(|handle| handle.deployment == name) {
        *handle = Handle {
            message: handle.message.map(message),
            number: wake(handle.number),
            takeover: rank(handle.takeover),
            view: item(handle.view),
            mine: rank(handle.mine),
            ..*handle
        };
    }
    let deployment = state.deployment_mut(name);
    deployment.item = item(newest);
    for effect in &mut deployment.effects {
        *effect = Effect { flying: effect.flying.map(rank), unlisted: rank(effect.unlisted), ..*effect };
    }
    if newest.phase.is_terminal() && newest.phase != Phase::Unknown {
        deployment.item.wake = 0;
    }
}
