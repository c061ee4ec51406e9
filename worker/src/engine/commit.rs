//! Commits: one conditional write a transition; one transaction at the end. Must never write a terminal
//! state without releasing the lock, nor the other way round.

use jiff::Timestamp;
use lockstep_state_machines::{EnvironmentChange, Kind, Machine, State, Transition};

use super::{Engine, EngineError};
use crate::ports::{Appended, BetaRecord, Closing, Entry, EnvironmentRecord, Recorded, Summary};

/// What a new history item says besides the machine's snapshot.
pub(super) struct Note<'a> {
    pub(super) from: &'a str,
    pub(super) to: State,
    pub(super) event: &'a str,
    pub(super) detail: &'a str,
    pub(super) wake: u64,
    pub(super) claim: Option<String>,
}

impl Engine {
    /// A history item number `seq` of a deployment.
    pub(super) fn entry(
        &self,
        machine: &Machine,
        seq: u64,
        note: Note<'_>,
        now: Timestamp,
    ) -> Result<Entry, EngineError> {
        let id = machine.deployment().request.id;
        let snapshot = machine.snapshot().map_err(|source| EngineError::Snapshot { id, source })?;
        Ok(Entry {
            id,
            seq,
            at: now,
            worker: self.world.settings.worker.clone(),
            write_id: self.world.chance.id().to_string(),
            from: note.from.to_owned(),
            to: note.to.to_string(),
            event: note.event.to_owned(),
            detail: note.detail.to_owned(),
            wake: note.wake,
            claim: note.claim,
            terminal: note.to.is_terminal(),
            snapshot,
        })
    }

    /// Commits a transition. Returns the newest item: ours, or (with `Lost`) the one that was faster.
    pub(super) async fn commit(
        &self,
        machine: &Machine,
        newest: &Recorded,
        transition: &Transition,
        wake: u64,
        claim: Option<String>,
        now: Timestamp,
    ) -> Result<Committed, EngineError> {
        let from = transition.from.to_string();
        let note = Note {
            from: &from,
            to: transition.to,
            event: transition.event,
            detail: &transition.detail,
            wake,
            claim,
        };
        let entry = self.entry(machine, newest.seq + 1, note, now)?;
        let appended = if entry.terminal {
            self.close(machine, entry.clone(), now).await?
        } else {
            self.world.store.append(&entry).await?
        };
        Ok(match appended {
            Appended::Written => {
                let fields = (entry.id, entry.seq, &entry.from, &entry.to, &entry.event);
                tracing::info!(
                    deployment.id = %fields.0, history.seq = fields.1, state.from = %fields.2,
                    state.to = %fields.3, event = %fields.4, detail = %entry.detail, "transition"
                );
                Committed::Ours(Box::new(entry))
            }
            Appended::Lost(theirs) => {
                // The item that has the number need not be the newest any more.
                let newest = self.world.store.newest(theirs.id).await?;
                Committed::Lost(newest.map_or(theirs, Box::new))
            }
        })
    }

    async fn close(&self, machine: &Machine, entry: Entry, now: Timestamp) -> Result<Appended, EngineError> {
        let deployment = machine.deployment();
        let request = &deployment.request;
        let ending = machine.ending().ok_or_else(|| EngineError::Inconsistent {
            id: request.id,
            problem: format!("the terminal state {} lacks the facts that say what it means", entry.to),
        })?;
        let store = &self.world.store;
        let before = store.environment(&request.application, &request.environment).await?.record;
        let desired = deployment.inspection.as_ref().map(|i| i.desired).or(before.desired);
        let record = match &ending.environment {
            EnvironmentChange::Unchanged => None,
            EnvironmentChange::Runs(release) => Some(EnvironmentRecord {
                current: Some((**release).clone()),
                last_healthy: Some((**release).clone()),
                dirty: None,
                desired,
            }),
            EnvironmentChange::Unknown(why) => Some(EnvironmentRecord {
                current: None,
                last_healthy: before.last_healthy,
                dirty: Some(why.clone()),
                desired,
            }),
        };
        let validated = machine.state() == State::Healthy && deployment.plan.kind == Kind::Staging;
        let beta = deployment.source.as_ref().zip(deployment.digest.as_ref()).filter(|_| validated);
        let beta = beta.map(|(source, digest)| BetaRecord {
            tag: source.beta.clone(),
            commit: source.commit.clone(),
            digest: digest.clone(),
            deployment: request.id,
            without_baseline: request.overrides.skip_baseline.clone(),
            at: now,
        });
        let summary = Summary {
            outcome: Some(entry.to.clone()),
            reason: Some(ending.summary.clone()),
            ..self.summary(request, now)
        };
        let closing = Closing {
            application: request.application.clone(),
            environment: request.environment.clone(),
            token: deployment.token,
            entry,
            record,
            beta,
            summary,
        };
        Ok(store.close(&closing).await?)
    }
}

/// What a commit came to.
pub(super) enum Committed {
    /// This worker's item stands.
    Ours(Box<Recorded>),
    /// Another item has the number.
    Lost(Box<Recorded>),
}
