//! A worker's clocks and its chance. The time of day may be wrong; the clock of its own life is right, unless it
//! has been taken out.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lockstep::ports::{Chance, Clock};
use uuid::Uuid;

use crate::wire::Line;

/// A worker's clocks.
pub(crate) struct SimClock(pub(crate) Line);

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let universe = self.0.shared.lock();
        let skew = SignedDuration::from_secs(universe.staff.workers[self.0.worker].skew);
        universe.time().checked_add(skew).unwrap_or(Timestamp::MAX)
    }

    fn lived(&self) -> Duration {
        let universe = self.0.shared.lock();
        universe.plan.lived(&universe.staff.workers[self.0.worker], universe.now)
    }

    async fn sleep(&self, pause: Duration) {
        self.0.sleep(pause).await;
    }
}

/// A worker's chance.
pub(crate) struct SimChance(pub(crate) Line);

impl Chance for SimChance {
    fn fraction(&self) -> f64 {
        self.0.shared.lock().dice.fraction()
    }

    fn id(&self) -> Uuid {
        self.0.shared.lock().new_id()
    }
}
