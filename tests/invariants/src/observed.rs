//! What an observer who sees the table and the outside world at one moment can say. Must never ask for what
//! only Lockstep knows (a worker's memory, a claim's age): the invariants are about what is left behind.

use std::fmt::Debug;

/// An environment's lock item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock<D> {
    /// The deployment that holds it, if any.
    pub holder: Option<D>,
    /// The token of the holder, or of the last one; 0 before the first.
    pub token: u64,
}

/// A deployment that took an environment's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening<D> {
    /// Which deployment.
    pub deployment: D,
    /// Under which token.
    pub token: u64,
}

/// A history item, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its number.
    pub seq: u64,
    /// Whether the state that it enters is terminal.
    pub terminal: bool,
    /// How many different writes have stood under this number. An observer who sees the present content of
    /// the table only says 1.
    pub writes: u32,
}

/// What the outside world's own log says about one effect of one deployment. A call that found its work done
/// (a tag that names the digest already) changed nothing and is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace<D, K> {
    /// For which deployment: by its mark, run name, token or tag in the call.
    pub deployment: D,
    /// Which of its effects: the build, the release, the move of a certain tag, a leg's revision, a leg's
    /// rollout, a reset of the database, the deregistration of a revision.
    pub effect: K,
    /// How often it changed something.
    pub changes: u32,
    /// How many of those changes took place when the deployment had ended already (or never began).
    pub late: u32,
}

/// A state of the whole system as seen from outside.
///
/// An observer who checks after every step may leave out of [`deployments`](Observed::deployments) and
/// [`traces`](Observed::traces) what the step cannot have changed; nothing else may be left out.
pub trait Observed {
    /// Names an environment of an application.
    type Environment: Clone + Ord + Debug;
    /// Names a deployment; a request and its deployment have one name.
    type Deployment: Clone + Ord + Debug;
    /// Names one of the effects that a deployment has at most once.
    type Effect: Clone + Ord + Debug;
    /// Names an image.
    type Digest: Clone + Ord + Debug;

    /// All environments.
    fn environments(&self) -> impl Iterator<Item = Self::Environment>;

    /// The lock item of an environment.
    fn lock(&self, environment: &Self::Environment) -> Lock<Self::Deployment>;

    /// The deployments that have taken the environment's lock, in that order.
    fn openings(&self, environment: &Self::Environment) -> impl Iterator<Item = Opening<Self::Deployment>>;

    /// The deployments that have written the environment's record, in that order.
    fn record_writers(&self, environment: &Self::Environment) -> impl Iterator<Item = Self::Deployment>;

    /// The deployments that have a history.
    fn deployments(&self) -> impl Iterator<Item = Self::Deployment>;

    /// The environment that a deployment is for.
    fn environment_of(&self, deployment: &Self::Deployment) -> Self::Environment;

    /// The token that the deployment's newest history item names; `None` when it was rejected because the
    /// lock was held, or before the lock was asked for.
    fn token_of(&self, deployment: &Self::Deployment) -> Option<u64>;

    /// The deployment's history items by number.
    fn history(&self, deployment: &Self::Deployment) -> impl Iterator<Item = Item>;

    /// What the outside world's logs say.
    fn traces(&self) -> impl Iterator<Item = Trace<Self::Deployment, Self::Effect>>;

    /// Every digest that a deployment's rollout put into a production environment.
    fn in_production(&self) -> impl Iterator<Item = (Self::Environment, Self::Digest)>;

    /// Whether the digest has been healthy in staging, or somebody asked in so many words to promote it
    /// without that (protocol rule 15).
    fn proven_or_waived(&self, digest: &Self::Digest) -> bool;

    /// The deployments that were rejected because the lock was held, at a moment when nobody else held it. For
    /// observers who see each write.
    fn turned_away_from_a_free_lock(&self) -> impl Iterator<Item = Self::Deployment> {
        std::iter::empty()
    }

    /// Every request that a queue has taken and that was neither lost nor parked.
    fn accepted(&self) -> impl Iterator<Item = Self::Deployment>;

    /// Whether the deployment has ended: its newest history item is terminal.
    fn is_terminal(&self, deployment: &Self::Deployment) -> bool {
        self.history(deployment).last().is_some_and(|item| item.terminal)
    }
}
