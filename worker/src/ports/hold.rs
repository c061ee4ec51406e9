//! Holds: an environment that takes no requests until somebody releases it. A hold stands in the item of the
//! environment's lock, so that the write that takes the lock finds it (`Store::open`); beside it, each hold has
//! a record of its own, which stays. Must never be ended by anything but its release, another hold in its
//! place, or the time that it was given.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, EnvironmentName, Reason};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A hold that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// A version 7 UUID: by it the hold is released, and no other.
    pub id: Uuid,
    /// Who set it.
    pub by: String,
    /// Why; whoever is refused is told.
    pub reason: Reason,
    /// Since when, by the clock of whoever set it.
    pub since: Timestamp,
    /// When it ends by itself; `None`: when somebody releases it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Hold {
    /// Whether it has ended by itself.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// A hold with what became of it, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRecord {
    /// The hold.
    pub hold: Hold,
    /// Who released it; `None` while it stands, and when it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<HoldRelease>,
}

/// The end of a hold at somebody's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRelease {
    /// Who.
    pub by: String,
    /// When, by the clock of whoever did it.
    pub at: Timestamp,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// Put an environment on hold, in one transaction with the hold's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The hold.
    pub hold: Hold,
    /// The hold in whose place it is put, which must be the one that stands; `None`: none may stand.
    pub replaces: Option<HoldRecord>,
}

/// Release an environment, in one transaction with the hold's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releasing {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The hold, which must be the one that stands.
    pub hold: Hold,
    /// Its release.
    pub release: HoldRelease,
}

/// What became of setting or releasing a hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldChanged {
    /// It stands.
    Written,
    /// Another hold stands, or none: the one that made the condition fail.
    Moved(Option<Hold>),
}
