//! What happened, line by line: the last lines for a person, a fingerprint of all of them for the proof that a
//! seed replays exactly. Must never hold anything that differs between two runs of one seed.

use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::time::Duration;

/// How many lines are kept.
const KEPT: usize = 60;

/// FNV-1a's parameters for 64 bits (Fowler, Noll, Vo).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The lines.
pub(crate) struct Journal {
    last: VecDeque<String>,
    fingerprint: u64,
    lines: u64,
    kept: usize,
}

impl Journal {
    /// One that keeps its last lines, or with `whole` all of them.
    pub(crate) fn new(whole: bool) -> Self {
        let kept = if whole { usize::MAX } else { KEPT };
        Self { last: VecDeque::new(), fingerprint: OFFSET, lines: 0, kept }
    }

    pub(crate) fn write(&mut self, now: Duration, line: fmt::Arguments<'_>) {
        let mut text = if self.last.len() >= self.kept {
            self.last.pop_front().unwrap_or_default()
        } else {
            String::new()
        };
        text.clear();
        // Writing to a String cannot fail.
        let _ = write!(text, "{:>9.3} {line}", now.as_secs_f64());
        for byte in text.bytes() {
            self.fingerprint = (self.fingerprint ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        self.lines += 1;
        self.last.push_back(text);
    }

    /// Equal for equal runs.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// How many lines there were.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// The lines that were kept.
    pub(crate) fn last(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }
}
