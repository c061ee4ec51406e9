//! The operating system's randomness.

use rand::RngExt;
use uuid::Uuid;

use crate::ports::Chance;

/// Randomness from the thread's generator, seeded by the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fraction(&self) -> f64 {
        rand::rng().random_range(0.0..1.0)
    }

    fn id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
