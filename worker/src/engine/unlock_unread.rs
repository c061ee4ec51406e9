//! Ends a deployment whose snapshot this build cannot read, for an operator who insists. The snapshot stays in
//! the last item as it was, for the version that can read it; must never pretend to know what was done.

use lockstep_state_machines::{SnapshotError, State};

use super::commit::Committed;
use super::unlock::UnlockWish;
use super::{Engine, EngineError};
use crate::ports::{Appended, Closing, Entry, EnvironmentRecord, Lock, Recorded, Summary};

/// How far back the environment's list is searched for the holder's line. It holds the lock, so only
/// requests that were rejected because of it are newer.
const DEPTH: u32 = 100;

impl Engine {
    pub(super) async fn close_unread(
        &self,
        wish: &UnlockWish,
        newest: &Recorded,
        lock: &Lock,
        problem: &SnapshotError,
    ) -> Result<Committed, EngineError> {
        let why = format!(
            "unlocked by {}: {}; its record could not be read ({problem}), so nobody can say what it left: the service may run anything, and the task definitions tagged lockstep:deployment={} were not deregistered; an operator is needed",
            wish.actor, wish.reason, newest.id
        );
        let entry = Entry {
            to: State::Failed.to_string(),
            terminal: true,
            ..self.successor(newest, "unlocked", why.clone(), None)
        };
        let before = self.world.store.environment(&wish.application, &wish.environment).await?.record;
        let record = EnvironmentRecord { current: None, dirty: Some(why.clone()), ..before };
        let summary = Summary {
            outcome: Some(entry.to.clone()),
            reason: Some(why),
            ..self.line(wish, newest, lock).await?
        };
        let closing = Closing {
            application: wish.application.clone(),
            environment: wish.environment.clone(),
            token: lock.token,
            entry: entry.clone(),
            record: Some(record),
            beta: None,
            summary,
        };
        Ok(match self.world.store.close(&closing).await? {
            Appended::Written => Committed::Ours(Box::new(entry)),
            Appended::Lost(theirs) => Committed::Lost(theirs),
        })
    }

    /// The deployment's line in the environment's list; without one, what the lock tells.
    async fn line(&self, wish: &UnlockWish, newest: &Recorded, lock: &Lock) -> Result<Summary, EngineError> {
        let lines = self.world.store.deployments(&wish.application, &wish.environment, DEPTH).await?;
        let found = lines.into_iter().find(|line| line.id == newest.id);
        Ok(found.unwrap_or_else(|| Summary {
            id: newest.id,
            target: "not known".to_owned(),
            actor: lock.actor.clone().unwrap_or_else(|| "not known".to_owned()),
            at: lock.since.unwrap_or(newest.at),
            outcome: None,
            reason: None,
        }))
    }
}
