//! Breaking the glass: an operator ends the deployment that holds an environment's lock, whatever it is left
//! like. Better than only taking the lock away (protocol rule 5): when the lock goes, nothing of an earlier
//! holder is under way any more, so there is nothing that the next one would have to settle. Must never
//! release a lock while a call of the old holder may still arrive, and never put anything back.

use std::time::Duration;

use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName, Reason};
use lockstep_state_machines::{Event, SnapshotError, Step};

use super::commit::Committed;
use super::drive::Arrival;
use super::{Engine, EngineError};
use crate::ports::{Appended, Entry, Lock, Recorded};

/// How often the history is looked at while the holder is watched.
const LOOK: Duration = Duration::from_secs(1);

/// What an operator asks for.
#[derive(Debug, Clone)]
pub struct UnlockWish {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// Who asks.
    pub actor: String,
    /// Why.
    pub reason: Reason,
    /// The fencing token that the operator was shown; if the lock carries another by now, it is refused.
    pub token: Option<u64>,
    /// Take the claim from a worker that may be alive; end a deployment that this build cannot read.
    pub force: bool,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlocked {
    /// Nobody held the lock; nothing was done.
    NotLocked,
    /// Refused; nothing was done.
    Refused(UnlockRefused),
    /// The deployment ended before this could end it; its last history item. Nothing was done.
    Ended(Box<Recorded>),
    /// The deployment has been ended and the lock released: its last history item.
    Done(Box<Recorded>),
}

/// Why an environment is not unlocked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockRefused {
    /// Another deployment holds the lock than the operator was shown.
    #[error("the lock carries token {found}, not {shown}: another deployment holds it by now; look again")]
    OtherToken {
        /// What the operator was shown.
        shown: u64,
        /// What it carries.
        found: u64,
    },
    /// A worker holds a claim and works on.
    #[error(
        "worker {worker} is alive: it wrote item {seq} of the history meanwhile; cancel the deployment, or unlock with --force"
    )]
    Alive {
        /// Which worker.
        worker: String,
        /// The item that shows it.
        seq: u64,
    },
    /// This build cannot read the deployment's snapshot, so it cannot tell what has been begun.
    #[error(
        "{0}; or unlock with --force: then it is ended unread, and the task definitions that it registered stay deployable"
    )]
    Unreadable(SnapshotError),
}

/// How it goes on, for whoever waits.
#[derive(Debug)]
pub enum UnlockProgress<'a> {
    /// Who holds the lock, and where that deployment stands.
    Found(&'a Lock, &'a Recorded),
    /// The claim of the holder (or, once it has been taken from it, the time that its calls may still take to
    /// arrive) lasts at most this long.
    Watching(&'a Recorded, Duration),
    /// It is unlocked but for what still has to be retired.
    Ending(&'a Recorded),
}

/// Hears how it goes on.
pub type Listener<'a> = &'a mut (dyn FnMut(UnlockProgress<'_>) + Send);

impl Engine {
    /// Ends the deployment that holds an environment's lock, and with it the lock. Takes up to a lease when
    /// the deployment is claimed. Whoever gives up waiting leaves something that any worker goes on with.
    ///
    /// # Errors
    /// The table failed, or what it holds does not fit together. Doing it again goes on from there.
    pub async fn unlock(&self, wish: &UnlockWish, tell: Listener<'_>) -> Result<Unlocked, EngineError> {
        let lock = self.world.store.environment(&wish.application, &wish.environment).await?.lock;
        let Some(id) = lock.holder else { return Ok(Unlocked::NotLocked) };
        if let Some(shown) = wish.token.filter(|shown| *shown != lock.token) {
            return Ok(Unlocked::Refused(UnlockRefused::OtherToken { shown, found: lock.token }));
        }
        let mut newest = self.holders_newest(id).await?;
        tell(UnlockProgress::Found(&lock, &newest));
        loop {
            if newest.terminal {
                return Ok(Unlocked::Ended(Box::new(newest)));
            }
            // Unlocked already: what is left to do is to retire, and only by force is that given up.
            if !wish.force && self.restore(&newest).is_ok_and(|machine| machine.deployment().is_unlocked()) {
                return self.see_to_its_end(id, tell).await;
            }
            if let (Err(EngineError::Snapshot { source, .. }), false) = (self.restore(&newest), wish.force) {
                return Ok(Unlocked::Refused(UnlockRefused::Unreadable(source)));
            }
            if newest.claim.is_some() {
                match self.outlast_claim(wish, newest, &mut *tell).await? {
                    Watched::Over(same) => newest = *same,
                    Watched::Moved(theirs) if theirs.terminal || wish.force => {
                        newest = *theirs;
                        continue;
                    }
                    Watched::Moved(theirs) => {
                        let alive = UnlockRefused::Alive { worker: theirs.worker, seq: theirs.seq };
                        return Ok(Unlocked::Refused(alive));
                    }
                }
            }
            match self.give_up(wish, &newest, &lock).await? {
                Committed::Ours(_) => return self.see_to_its_end(id, tell).await,
                Committed::Lost(theirs) if theirs.seq > newest.seq => newest = *theirs,
                Committed::Lost(_) => {
                    let problem =
                        "its environment's lock is not held by it any more: somebody removed it by hand";
                    return Err(EngineError::Inconsistent { id, problem: problem.to_owned() });
                }
            }
        }
    }

    async fn holders_newest(&self, id: DeploymentId) -> Result<Recorded, EngineError> {
        self.world.store.newest(id).await?.ok_or_else(|| EngineError::Inconsistent {
            id,
            problem: "it holds a lock, but has no history: remove the holder from the lock's item by hand"
                .to_owned(),
        })
    }

    /// Waits until nothing that was sent under the claim can still arrive. By force the claim is taken first,
    /// so that its holder can neither commit nor renew its leave to act; what it may still send it sends
    /// within a lease from a commit that came before.
    async fn outlast_claim(
        &self,
        wish: &UnlockWish,
        newest: Recorded,
        tell: Listener<'_>,
    ) -> Result<Watched, EngineError> {
        // The holder's last commit came before the read that `newest` is from, so a lease from here is enough.
        let begun = self.world.clock.lived();
        let mut watched = newest;
        if wish.force {
            let detail = format!(
                "{} unlocks {} by force ({}): the claim of item {} by {} is void",
                wish.actor, wish.environment, wish.reason, watched.seq, watched.worker
            );
            let claim = Some(format!("{}/{}", self.world.settings.worker, self.world.chance.id()));
            let taken = self.successor(&watched, "unlock-begun", detail, claim);
            if let Appended::Lost(_) = self.world.store.append(&taken).await? {
                return Ok(Watched::Moved(Box::new(self.holders_newest(taken.id).await?)));
            }
            watched = taken;
        }
        loop {
            // Before the read: what has not moved has not moved for at least this long.
            let left =
                self.world.settings.lease.saturating_sub(self.world.clock.lived().saturating_sub(begun));
            let now = self.holders_newest(watched.id).await?;
            if now.seq != watched.seq {
                return Ok(Watched::Moved(Box::new(now)));
            }
            if left.is_zero() {
                return Ok(Watched::Over(Box::new(watched)));
            }
            tell(UnlockProgress::Watching(&watched, left));
            self.world.clock.sleep(LOOK.min(left)).await;
        }
    }

    /// The item after this one, in the same state and with the same snapshot, whoever can read that.
    pub(super) fn successor(
        &self,
        newest: &Recorded,
        event: &str,
        detail: String,
        claim: Option<String>,
    ) -> Entry {
        Entry {
            seq: newest.seq + 1,
            at: self.world.clock.now(),
            worker: self.world.settings.worker.clone(),
            write_id: self.world.chance.id().to_string(),
            from: newest.to.clone(),
            event: event.to_owned(),
            detail,
            claim,
            ..newest.clone()
        }
    }

    /// Commits the operator's decision. No claim is left: nothing of what is to be retired was sent yet.
    async fn give_up(
        &self,
        wish: &UnlockWish,
        newest: &Recorded,
        lock: &Lock,
    ) -> Result<Committed, EngineError> {
        let id = newest.id;
        let mut machine = match self.restore(newest) {
            Ok(machine) => machine,
            Err(EngineError::Snapshot { source, .. }) => {
                return self.close_unread(wish, newest, lock, &source).await;
            }
            Err(other) => return Err(other),
        };
        let event = Event::Unlock { actor: wish.actor.clone(), reason: wish.reason.clone() };
        let now = self.world.clock.now();
        let step = machine.handle(&event, now, &self.world.policy);
        match step.map_err(|e| EngineError::Inconsistent { id, problem: e.to_string() })? {
            Step::Moved(transition) => {
                self.commit(&machine, newest, &transition, newest.wake, None, now).await
            }
            Step::Stay { .. } => Err(EngineError::Inconsistent {
                id,
                problem: format!("the state machine does not end it in {}", newest.to),
            }),
        }
    }

    /// Drives the deployment until it has ended: there may be no worker that does. A look that comes too early
    /// changes nothing; each fault is counted, and the state has a deadline, so this ends.
    async fn see_to_its_end(&self, id: DeploymentId, tell: Listener<'_>) -> Result<Unlocked, EngineError> {
        let mut seen: Option<(u64, Duration)> = None;
        loop {
            let newest = self.holders_newest(id).await?;
            if newest.terminal {
                return Ok(Unlocked::Done(Box::new(newest)));
            }
            tell(UnlockProgress::Ending(&newest));
            let now = self.world.clock.lived();
            let (_, since) = seen.filter(|(seq, _)| *seq == newest.seq).unwrap_or((newest.seq, now));
            seen = Some((newest.seq, since));
            let dead = now.saturating_sub(since) >= self.world.settings.lease;
            let takeover_of = newest.claim().filter(|_| dead);
            self.drive(id, Arrival { number: None, takeover_of, keeps_chain: false, news_of: None }).await?;
            if !self.holders_newest(id).await?.terminal {
                self.world.clock.sleep(LOOK).await;
            }
        }
    }
}

/// What became of a claim that was waited for.
enum Watched {
    /// Nothing that was sent under it can still arrive; the newest item.
    Over(Box<Recorded>),
    /// Somebody wrote another item.
    Moved(Box<Recorded>),
}
