//! What one seed brings: how many workers, how much of each kind of trouble, until when. Drawn once, at the
//! beginning; most seeds leave most kinds of trouble out, so that the rest can be seen at work alone. Must
//! never be changed by what happens.

use std::time::Duration;

use crate::dice::Dice;
use crate::sabotage::Sabotage;

/// A worker's call to a service is given up after this.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a claim protects its holder.
pub(crate) const LEASE: Duration = Duration::from_secs(45);

/// How long a message stays hidden without a heartbeat.
pub(crate) const VISIBILITY: Duration = Duration::from_secs(60);

/// How often the queue hands a message out before it goes to the dead letters.
pub(crate) const MAX_RECEIVES: u32 = 6;

/// The longest that accepted requests may take to end once trouble has stopped: more than all deadlines of one
/// deployment, the way back included.
pub(crate) const PATIENCE: Duration = Duration::from_hours(8);

/// How often each kind of trouble is met, from 0 to 1 for each call (or message).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trouble {
    pub(crate) throttled: f64,
    pub(crate) unavailable: f64,
    pub(crate) broken: f64,
    pub(crate) silent: f64,
    pub(crate) slow: f64,
    pub(crate) contended: f64,
    pub(crate) crash: f64,
    pub(crate) pause: f64,
    pub(crate) duplicate: f64,
    pub(crate) lost: f64,
    pub(crate) stale: f64,
}

/// One seed's conditions.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) workers: usize,
    pub(crate) requests: usize,
    /// When trouble stops.
    pub(crate) calm: Duration,
    pub(crate) trouble: Trouble,
    /// The longest that ECS, GitHub and the registry show an old picture.
    pub(crate) lag: Duration,
    /// The longest by which a worker's time of day is wrong, either way.
    pub(crate) skew: Duration,
    pub(crate) purges: usize,
    /// How often one of the services is away altogether for a while.
    pub(crate) outages: usize,
    /// How often a worker is told to stop, as in an update of the workers themselves.
    pub(crate) stops: usize,
    /// How often an operator unlocks an environment.
    pub(crate) unlocks: usize,
    /// How many faults in a row a state survives.
    pub(crate) budget: u32,
    pub(crate) strangers: usize,
    /// How many commits cannot be built, crash, hang or are never ready.
    pub(crate) bad_commits: f64,
    /// Whether the circuit breaker goes back under the old deployment's id.
    pub(crate) breaker_reuses_id: bool,
    /// The time from one look at the locks to the next.
    pub(crate) reconcile: Duration,
}

impl Plan {
    pub(crate) fn draw(sabotage: Option<Sabotage>, dice: &mut Dice) -> Self {
        let trouble = Trouble {
            throttled: dice.one_of([0.0, 0.0, 0.01, 0.08]),
            unavailable: dice.one_of([0.0, 0.0, 0.01, 0.05]),
            broken: dice.one_of([0.0, 0.0, 0.01, 0.05]),
            silent: dice.one_of([0.0, 0.0, 0.01, 0.04]),
            slow: dice.one_of([0.0, 0.02, 0.2]),
            contended: dice.one_of([0.0, 0.05, 0.3]),
            crash: dice.one_of([0.0, 0.001, 0.005, 0.02]),
            pause: dice.one_of([0.0, 0.001, 0.005, 0.02]),
            duplicate: dice.one_of([0.0, 0.05, 0.3]),
            lost: dice.one_of([0.0, 0.0, 0.01, 0.1]),
            stale: dice.one_of([0.0, 0.3, 0.8]),
        };
        let plan = Self {
            sabotage: None,
            workers: 2 + dice.below(3),
            requests: 3 + dice.below(6),
            calm: dice.seconds(1800.0, 4800.0),
            trouble,
            lag: dice.seconds(0.5, 14.0),
            skew: Duration::from_secs(dice.one_of([0, 0, 2, 40, 300])),
            purges: dice.one_of([0, 0, 0, 1, 2]),
            outages: dice.one_of([0, 0, 0, 1, 2]),
            stops: dice.one_of([0, 0, 2, 6]),
            unlocks: dice.one_of([0, 0, 0, 1, 2]),
            budget: dice.one_of([8, 8, 8, 8, 2, 0]),
            strangers: dice.one_of([0, 0, 0, 1, 3]),
            bad_commits: dice.one_of([0.0, 0.2, 0.5]),
            breaker_reuses_id: dice.lucky(0.5),
            reconcile: Duration::from_secs(120),
        };
        match sabotage {
            None => plan,
            Some(sabotage) => sabotage.prepare(plan),
        }
    }

    /// Whether this condition has been taken out.
    pub(crate) fn is_sabotaged(&self, sabotage: Sabotage) -> bool {
        self.sabotage == Some(sabotage)
    }
}
