//! Everything that is left to chance in one run, from one seed. The algorithm is named and never changes with
//! the platform or the library's taste, so that a seed is the whole run. Must never be asked in an order that
//! depends on anything but the seed.

use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

/// A seeded source of chance.
#[derive(Debug)]
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// True this often, from 0 to 1. Draws a number in any case.
    pub(crate) fn lucky(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0.random_range(0.0..1.0)
    }

    /// From 0 to `end`, `end` excluded; 0 if there is nothing to choose from.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { self.0.random_range(0..end) }
    }

    /// A span between two, in seconds.
    pub(crate) fn seconds(&mut self, from: f64, to: f64) -> Duration {
        Duration::from_secs_f64(from + (to - from) * self.fraction())
    }

    /// One of these, copied.
    pub(crate) fn one_of<T: Copy, const N: usize>(&mut self, choices: [T; N]) -> T {
        choices[self.below(N)]
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// This many random bytes in lower-case hexadecimal.
    pub(crate) fn hex(&mut self, bytes: usize) -> String {
        (0..bytes).map(|_| format!("{:02x}", self.bits() & 0xff)).collect()
    }
}
