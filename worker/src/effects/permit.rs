//! Leave to change things: the witness that this worker's claim still has time for one more call. Measured
//! on this process's own monotonic clock since its last commit; no two hosts' clocks are compared. A worker
//! that was paused for longer than its claim therefore sends nothing when it wakes up (protocol rule 4).

use std::future::Future;
use std::time::{Duration, Instant};

use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;

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

    /// Sends a change, if the claim has time left for it, and gives it up after the call time-out, however
    /// many requests the adapter makes of it.
    ///
    /// # Errors
    /// `ClaimSpent` when it was not sent; otherwise what the service answered, or that it did not in time.
    pub async fn send<T>(
        &self,
        service: Service,
        operation: &'static str,
        call: impl Future<Output = Answer<T>>,
    ) -> Result<T, EffectError> {
        self.check()?;
        match tokio::time::timeout(self.call_timeout, call).await {
            Ok(answer) => answer.map_err(EffectError::Fault),
            Err(_) => {
                let message = format!("no answer within {} s", self.call_timeout.as_secs());
                Err(Fault::new(service, operation, FaultKind::TimedOut, message).into())
            }
        }
    }

    /// Whether the claim outlasts a call that is sent now.
    fn check(&self) -> Result<(), EffectError> {
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

    #[tokio::test]
    async fn a_change_without_an_answer_is_given_up_before_the_claim_ends() {
        let permit = Permit::new(Instant::now(), Duration::from_secs(30), Duration::from_millis(5));
        let silence = std::future::pending::<Answer<()>>();
        let given_up = permit.send(Service::Ecs, "UpdateService", silence).await.unwrap_err();
        let EffectError::Fault(fault) = given_up else { panic!("{given_up}") };
        assert!(fault.is_transient() && fault.may_have_happened(), "{fault}");
    }
}
