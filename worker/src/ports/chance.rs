//! Chance: what must differ between tries and between writers. Must never decide who may act.

use uuid::Uuid;

/// Draws numbers and makes ids.
pub trait Chance: Send + Sync {
    /// A number from 0 (inclusive) to 1 (exclusive), evenly distributed.
    fn fraction(&self) -> f64;

    /// An id that nobody else has: UUIDv7.
    fn id(&self) -> Uuid;
}
