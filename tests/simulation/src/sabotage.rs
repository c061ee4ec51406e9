//! Negative controls: each takes one condition out of a double or a wrapper, on which the worker's safety or
//! progress rests. The simulation must find what then goes wrong; if it does not, it is blind there. Must never
//! touch the product.

use std::time::Duration;

use crate::plan::Plan;

/// A condition that is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sabotage {
    /// The table puts a history item also where one stands.
    ItemsOverwritten,
    /// The table gives the lock away while somebody holds it.
    LockIgnored,
    /// The table ends a deployment without releasing its lock.
    LockKept,
    /// A worker's own clock stands still while it is paused, so that its permits never run out.
    WatchStands,
    /// ECS and GitHub show what was done only long after a lease.
    LagBeyondLease,
    /// Calls arrive long after they were given up.
    CallsArriveLate,
    /// The queue delivers delayed messages at once, a takeover's too.
    DelaysIgnored,
    /// ECS starts a rollout for each update, as if forced, and does not show by whom.
    UpdatesForced,
    /// The queue loses messages and nobody looks at the locks.
    NobodyReconciles,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ItemsOverwritten,
        Self::LockIgnored,
        Self::LockKept,
        Self::WatchStands,
        Self::LagBeyondLease,
        Self::CallsArriveLate,
        Self::DelaysIgnored,
        Self::UpdatesForced,
        Self::NobodyReconciles,
    ];

    /// The conditions under which the absence shows: the trouble that the condition is there for.
    pub(crate) fn prepare(self, plan: Plan) -> Plan {
        let mut plan = Plan { sabotage: Some(self), ..plan };
        let trouble = &mut plan.trouble;
        match self {
            Self::ItemsOverwritten | Self::LockIgnored | Self::LockKept => {
                trouble.duplicate = trouble.duplicate.max(0.2);
            }
            Self::WatchStands => {
                trouble.pause = 0.02;
                trouble.slow = 0.2;
            }
            Self::LagBeyondLease => {
                trouble.crash = 0.01;
                trouble.stale = 1.0;
                plan.lag = Duration::from_secs(600);
            }
            Self::CallsArriveLate => trouble.silent = 0.04,
            Self::DelaysIgnored => {
                trouble.slow = 0.3;
                trouble.duplicate = 0.3;
            }
            Self::UpdatesForced => trouble.crash = 0.02,
            Self::NobodyReconciles => {
                trouble.lost = 0.05;
                plan.reconcile = Duration::from_hours(24 * 365);
            }
        }
        plan
    }
}
