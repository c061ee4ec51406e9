//! Leave to change things: the witness that this worker's claim still has time for one more call. Measured
//! on this process's own monotonic clock since its last commit; no two hosts' clocks are compared. A worker
//! that was paused for longer than its claim therefore sends nothing when it wakes up (protocol rule 4).

use std::time::{Duration, Instant};

use crate::faults::Fault;

/// Why an effect has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EffectError {
    /// A service failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Too little of the claim is left to send a change: commit again first.
    #[error("too little of the claim is left to change anything: it has to be renewed first")]
    ClaimSpent,
}

/// Leave to send changes to services.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    committed: Instant,
    lease: Duration,
    call_timeout: Duration,
}

impl Permit {
    /// Leave that began with a commit at `committed`: taken before the write was sent, so that it never
    /// lasts longer than others believe.
    #[must_use]
    pub fn new(committed: Instant, lease: Duration, call_timeout: Duration) -> Self {
        Self { committed, lease, call_timeout }
    }

    /// To be called before every change that is sent.
    ///
    /// # Errors
    /// `ClaimSpent` when the call could still be under way after the claim has ended.
    pub fn check(&self) -> Result<(), EffectError> {
        if self.committed.elapsed() + self.call_timeout < self.lease {
            Ok(())
        } else {
            Err(EffectError::ClaimSpent)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_could_outlive_the_claim_is_not_sent() {
        let (lease, call) = (Duration::from_secs(30), Duration::from_secs(10));
        let now = Instant::now();
        assert!(Permit::new(now, lease, call).check().is_ok());
        let paused = now.checked_sub(Duration::from_secs(21)).unwrap();
        assert_eq!(Permit::new(paused, lease, call).check(), Err(EffectError::ClaimSpent));
    }
}
