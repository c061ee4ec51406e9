//! A state of the model as the shared invariants see it. Must show what is in the table and what the services
//! know, and nothing of the workers.

use invariants::{Item, Lock, Observed, Opening, Trace};

use crate::state::{Deployment, ENVIRONMENTS, NONE, Phase, State};

/// The digest that there is: what staging builds.
const DIGEST: u8 = 0;

impl State {
    fn known(&self) -> impl Iterator<Item = (u8, &Deployment)> {
        (0..).zip(&self.deployments).filter(|(_, deployment)| deployment.environment != NONE)
    }

    /// The deployments of an environment for which this is a place in an order, in that order.
    fn in_order(&self, environment: u8, place: impl Fn(&Deployment) -> u8) -> impl Iterator<Item = u8> {
        let mut found: Vec<_> = self
            .known()
            .filter(|(_, deployment)| deployment.environment == environment && place(deployment) > 0)
            .map(|(name, deployment)| (place(deployment), name))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name)
    }
}

impl Observed for State {
    type Environment = u8;
    type Deployment = u8;
    type Effect = usize;
    type Digest = u8;

    fn environments(&self) -> impl Iterator<Item = u8> {
        (0..).take(ENVIRONMENTS)
    }

    fn lock(&self, environment: &u8) -> Lock<u8> {
        let lock = self.locks[usize::from(*environment)];
        Lock { holder: (lock.holder != NONE).then_some(lock.holder), token: lock.token.into() }
    }

    fn openings(&self, environment: &u8) -> impl Iterator<Item = Opening<u8>> {
        self.in_order(*environment, |deployment| deployment.opened)
            .map(|name| Opening { deployment: name, token: self.deployment(name).token.into() })
    }

    fn record_writers(&self, environment: &u8) -> impl Iterator<Item = u8> {
        self.in_order(*environment, |deployment| deployment.recorded)
    }

    fn deployments(&self) -> impl Iterator<Item = u8> {
        self.known().filter(|(_, deployment)| deployment.item.seq > 0).map(|(name, _)| name)
    }

    fn environment_of(&self, deployment: &u8) -> u8 {
        self.deployment(*deployment).environment
    }

    fn token_of(&self, deployment: &u8) -> Option<u64> {
        let deployment = self.deployment(*deployment);
        (deployment.opened > 0).then(|| deployment.token.into())
    }

    fn history(&self, deployment: &u8) -> impl Iterator<Item = Item> {
        let Deployment { item, rewritten, .. } = *self.deployment(*deployment);
        (1..=item.seq).map(move |seq| Item {
            seq: seq.into(),
            terminal: seq == item.seq && item.phase.is_terminal(),
            writes: if seq == rewritten { 2 } else { 1 },
        })
    }

    fn traces(&self) -> impl Iterator<Item = Trace<u8, usize>> {
        self.known().flat_map(|(name, deployment)| {
            deployment.effects.into_iter().enumerate().map(move |(effect, seen)| Trace {
                deployment: name,
                effect,
                changes: seen.applied.into(),
                late: seen.late.into(),
            })
        })
    }

    fn in_production(&self) -> impl Iterator<Item = (u8, u8)> {
        self.known()
            .filter(|(_, deployment)| deployment.environment > 0 && deployment.effects[0].applied > 0)
            .map(|(_, deployment)| (deployment.environment, DIGEST))
    }

    fn proven_or_waived(&self, _: &u8) -> bool {
        self.known()
            .any(|(_, deployment)| deployment.environment == 0 && deployment.item.phase == Phase::Healthy)
    }

    fn turned_away_from_a_free_lock(&self) -> impl Iterator<Item = u8> {
        self.known().filter(|(_, deployment)| deployment.misled).map(|(name, _)| name)
    }

    fn accepted(&self) -> impl Iterator<Item = u8> {
        self.known().map(|(name, _)| name)
    }

    fn is_terminal(&self, deployment: &u8) -> bool {
        self.deployment(*deployment).item.phase.is_terminal()
    }
}
