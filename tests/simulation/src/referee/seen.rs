//! The universe as the invariants look at it.

use invariants::{Item, Lock, Observed, Opening, Trace};
use lockstep_events::{DeploymentId, EnvironmentName};

use crate::setting;
use crate::traces::Effect;
use crate::universe::Universe;

/// A look at the universe.
pub(super) struct Seen<'a>(pub(super) &'a Universe);

impl Observed for Seen<'_> {
    type Environment = EnvironmentName;
    type Deployment = DeploymentId;
    type Effect = Effect;
    type Digest = String;

    fn environments(&self) -> impl Iterator<Item = EnvironmentName> {
        setting::ENVIRONMENTS.into_iter().filter_map(|name| name.parse().ok())
    }

    fn lock(&self, environment: &EnvironmentName) -> Lock<DeploymentId> {
        let lock = self.0.table.locks.get(environment);
        Lock { holder: lock.and_then(|lock| lock.holder), token: lock.map_or(0, |lock| lock.token) }
    }

    fn openings(&self, environment: &EnvironmentName) -> impl Iterator<Item = Opening<DeploymentId>> {
        let openings = self.0.table.openings.get(environment).into_iter().flatten();
        openings.map(|(deployment, token)| Opening { deployment: *deployment, token: *token })
    }

    fn record_writers(&self, environment: &EnvironmentName) -> impl Iterator<Item = DeploymentId> {
        self.0.table.writers.get(environment).into_iter().flatten().copied()
    }

    fn deployments(&self) -> impl Iterator<Item = DeploymentId> {
        self.0.table.lives.keys().copied()
    }

    fn environment_of(&self, deployment: &DeploymentId) -> EnvironmentName {
        self.0.table.lives[deployment].environment.clone()
    }

    fn token_of(&self, deployment: &DeploymentId) -> Option<u64> {
        self.0.table.lives.get(deployment).and_then(|life| life.token)
    }

    fn history(&self, deployment: &DeploymentId) -> impl Iterator<Item = Item> {
        let rows = self.0.table.lives.get(deployment).into_iter().flat_map(|life| &life.rows);
        rows.map(|row| Item { seq: row.entry.seq, terminal: row.entry.terminal, writes: row.writes })
    }

    fn traces(&self) -> impl Iterator<Item = Trace<DeploymentId, Effect>> {
        self.0.traces.changes.iter().map(|((deployment, effect), changes)| Trace {
            deployment: *deployment,
            effect: effect.clone(),
            changes: changes.all,
            late: changes.late,
        })
    }

    fn in_production(&self) -> impl Iterator<Item = (EnvironmentName, String)> {
        self.0.traces.in_production.iter().cloned()
    }

    fn proven_or_waived(&self, digest: &String) -> bool {
        self.0.is_proven_or_waived(digest)
    }

    fn accepted(&self) -> impl Iterator<Item = DeploymentId> {
        // What was lost on the way was never accepted; what is in the queue will be, as is what has a record.
        let waiting = self.0.customers.requests.iter().filter(|(_, body)| self.0.messages.holds(body));
        waiting.map(|(id, _)| *id).chain(self.0.table.lives.keys().copied())
    }
}
