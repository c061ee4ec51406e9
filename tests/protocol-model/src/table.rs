//! The table and the queue: conditional writes, and what a write makes of the messages that are under way.
//! Must never look into a worker: a condition is about what stands in the table.

use crate::Condition;
use crate::model::Protocol;
use crate::state::{Deployment, Item, Message, NONE, Phase, State, Step, Wake};

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Ours,
    Lost,
}

/// What became of an opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    Ours,
    Recorded,
    Held(u8),
    Moved,
}

impl Protocol {
    /// Puts an item if its number is free.
    pub(crate) fn append(&self, state: &mut State, name: u8, item: Item) -> Written {
        let deployment = state.deployment_mut(name);
        let standing = deployment.item.seq;
        if item.seq <= standing {
            if self.keeps(Condition::PutIfAbsent) {
                return Written::Lost;
            }
            deployment.rewritten = item.seq;
        }
        if item.seq >= standing {
            deployment.item = item;
        }
        self.settle_messages(state, name);
        Written::Ours
    }

    /// Takes the lock and writes item 1, in one transaction.
    pub(crate) fn open(&self, state: &mut State, name: u8, observed: u8) -> Opened {
        let lock = *state.lock_of(name);
        if state.deployment(name).item.seq > 0 && self.keeps(Condition::PutIfAbsent) {
            return Opened::Recorded;
        }
        if lock.holder != NONE && self.keeps(Condition::LockFree) {
            return Opened::Held(lock.holder);
        }
        if lock.token != observed && self.keeps(Condition::TokenAsRead) {
            return Opened::Moved;
        }
        let lock = state.lock_of(name);
        lock.holder = name;
        lock.token = observed + 1;
        lock.openings += 1;
        let (token, opened) = (lock.token, lock.openings);
        let first = Item { seq: 1, phase: Phase::Checking, claim: 0, wake: 0, cancelled: false };
        self.append(state, name, first);
        let deployment = state.deployment_mut(name);
        (deployment.token, deployment.opened) = (token, opened);
        Opened::Ours
    }

    /// Writes item 1 as rejected, in a transaction that finds the lock held by `holder`; false when it is not.
    pub(crate) fn reject(&self, state: &mut State, name: u8, holder: u8) -> bool {
        if state.deployment(name).item.seq > 0 && self.keeps(Condition::PutIfAbsent) {
            return true;
        }
        let held = state.lock_of(name).holder == holder;
        if !held && self.keeps(Condition::RejectUnderLock) {
            return false;
        }
        let rejected = Item { seq: 1, phase: Phase::Rejected, claim: 0, wake: 0, cancelled: false };
        self.append(state, name, rejected);
        state.deployment_mut(name).misled = !held;
        true
    }

    /// Writes the last item, the environment's record and the lock, in one transaction.
    pub(crate) fn close(&self, state: &mut State, name: u8, item: Item) -> Written {
        let Deployment { token, environment, item: standing, .. } = *state.deployment(name);
        let lock = *state.lock_of(name);
        let held = lock.holder == name && lock.token == token;
        if !held && self.keeps(Condition::CloseUnderLock) {
            return Written::Lost;
        }
        if self.append(state, name, item) == Written::Lost {
            return Written::Lost;
        }
        let lock = &mut state.locks[usize::from(environment)];
        if self.keeps(Condition::ReleaseWithEnd) {
            lock.holder = NONE;
        }
        // A request that is refused, or cancelled before anything was done, leaves the record as it was.
        if standing.phase != Phase::Checking {
            lock.records += 1;
            let recorded = lock.records;
            state.deployment_mut(name).recorded = recorded;
        }
        Written::Ours
    }

    /// Puts a message into the queue, unless it can change nothing any more.
    pub(crate) fn send(&self, state: &mut State, message: Message) {
        let deployment = state.deployment(message.deployment);
        if let Some(message) = self.settled(message, &deployment.item) {
            state.messages.push(message);
        }
    }

    /// Brings every message about a deployment into its simplest form after a write. A message that would be
    /// dropped by whoever receives it, at any time from now on, is dropped at once; a request whose record is
    /// there is a wake-up with the number 0; a takeover of an item that is not the newest any more is a plain
    /// wake-up. None of that changes what the protocol does.
    fn settle_messages(&self, state: &mut State, name: u8) {
        let item = state.deployment(name).item;
        let messages = std::mem::take(&mut state.messages).into_iter();
        let settle = |message: Message| {
            if message.deployment == name { self.settled(message, &item) } else { Some(message) }
        };
        state.messages = messages.filter_map(settle).collect();
        for worker in state.workers.iter_mut().filter(|worker| worker.deployment == name) {
            worker.message = worker.message.and_then(settle);
            worker.takeover = self.permitted(worker.takeover, &item);
            if let Step::WakingLate(wake) = worker.at
                && item.phase.is_terminal()
            {
                debug_assert!(wake.number > 0);
                worker.at = Step::WakingLate(Wake { names: 0, early: false, ..wake });
            }
        }
    }

    /// The takeover that is still permitted when this item is the newest; 0 for none.
    pub(crate) fn permitted(&self, takeover: u8, newest: &Item) -> u8 {
        if takeover < newest.seq && self.keeps(Condition::TakeoverNamesItem) { 0 } else { takeover }
    }

    fn settled(&self, message: Message, item: &Item) -> Option<Message> {
        if item.seq == 0 {
            return Some(message);
        }
        let wake = message.wake.unwrap_or(Wake { number: 0, names: 0, early: false });
        let stale = wake.number < item.wake && self.keeps(Condition::WakeNumbers);
        if item.phase.is_terminal() || stale {
            return None;
        }
        let another_claim = wake.early && self.keeps(Condition::TakeoverNamesClaim);
        let past = wake.names < item.seq && self.keeps(Condition::TakeoverNamesItem);
        let wake = if past || (wake.names == item.seq && another_claim) {
            Wake { number: wake.number, names: 0, early: false }
        } else {
            wake
        };
        Some(Message { wake: Some(wake), ..message })
    }
}
