//! The hourly quota of calls, as GitHub counts it and tells it in its headers.
//!
//! It is not stored: a restart begins a new hour.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::knobs::KnobsHandle;

/// The quota of all callers together.
#[derive(Debug)]
pub(crate) struct Quota {
    knobs: KnobsHandle,
    hour: Mutex<Hour>,
}

#[derive(Debug)]
struct Hour {
    ends: Timestamp,
    used: u64,
}

/// How the quota stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) used: u64,
    /// When the count begins anew, in seconds since the epoch.
    pub(crate) reset: i64,
}

impl Standing {
    pub(crate) fn remaining(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

impl Quota {
    pub(crate) fn new(knobs: KnobsHandle) -> Self {
        Self { knobs, hour: Mutex::new(Hour { ends: Timestamp::UNIX_EPOCH, used: 0 }) }
    }

    /// Counts a call; `Err` when there was nothing left, in truth or by the knob.
    pub(crate) fn count(&self, now: Timestamp) -> Result<Standing, Standing> {
        let standing = self.standing(now, 1);
        if let Some(reset_in_s) = self.knobs.take_primary_limit() {
            let reset = now.as_second().saturating_add_unsigned(reset_in_s);
            return Err(Standing { used: standing.limit, reset, ..standing });
        }
        if standing.used > standing.limit { Err(standing) } else { Ok(standing) }
    }

    /// How it stands, without counting.
    pub(crate) fn look(&self, now: Timestamp) -> Standing {
        self.standing(now, 0)
    }

    fn standing(&self, now: Timestamp, calls: u64) -> Standing {
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        if hour.ends <= now {
            *hour = Hour { ends: now + SignedDuration::from_hours(1), used: 0 };
        }
        hour.used += calls;
        Standing { limit: self.knobs.get().hourly_requests, used: hour.used, reset: hour.ends.as_second() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knobs::{Knobs, PrimaryLimit};

    #[test]
    fn calls_are_counted_by_the_hour() {
        let quota = Quota::new(KnobsHandle::new(Knobs { hourly_requests: 2, ..Knobs::default() }));
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(quota.count(now).unwrap().remaining(), 1);
        assert_eq!(quota.count(now).unwrap().remaining(), 0);
        assert_eq!(quota.count(now).unwrap_err().remaining(), 0);
        let later = now + SignedDuration::from_hours(1);
        assert_eq!(quota.count(later).unwrap().remaining(), 1);
        assert_eq!(quota.look(later).used, 1);
    }

    #[test]
    fn the_knob_claims_that_nothing_is_left() {
        let primary_limit = PrimaryLimit { count: 1, reset_in_s: 60 };
        let quota = Quota::new(KnobsHandle::new(Knobs { primary_limit, ..Knobs::default() }));
        let standing = quota.count(Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!((standing.remaining(), standing.reset), (0, 60));
        quota.count(Timestamp::UNIX_EPOCH).unwrap();
    }
}
