//! Chance from a seed: what is done to the workers, and what is asked of them. The seed fixes the plan and not the
//! run, since processes and sockets have a time of their own.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// A source of chance.
pub(crate) struct Chance(Xoshiro256PlusPlus);

impl Chance {
    /// The source for one part of a run.
    pub(crate) fn new(seed: u64, part: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(part)))
    }

    /// True so many times of a hundred.
    pub(crate) fn percent(&mut self, of_a_hundred: u32) -> bool {
        self.0.random_range(0..100) < of_a_hundred
    }

    /// From 0, `end` excluded.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// A span between two, in milliseconds.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.0.random_range(from..=to))
    }
}
