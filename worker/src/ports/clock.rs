//! The clock. Times are shown to people and set deadlines; no two hosts' clocks are ever compared to decide
//! who may act.

use jiff::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, by this host.
    fn now(&self) -> Timestamp;
}
