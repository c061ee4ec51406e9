//! Leave to change things: the witness that this worker's claim still has time for one more call. Measured
//! on this process's own monotonic clock since its last commit; no two hosts' clocks are compared. A worker
//! that was paused for longer than its claim therefore sends nothing when it wakes up (protocol rule 4).

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Clock, within};
use crate::world::Settings;

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
#[derive(Clone, Copy)]
pub struct Permit<'a> {
    clock: &'a dyn Clock,
    committed: Duration,
    lease: Duration,
    call_timeout: Duration,
}

impl<'a> Permit<'a> {
    /// Leave that began with a commit at `committed` on this clock ([`Clock::lived`]): taken before the write
    /// was sent, so that it never lasts longer than others believe.
    #[must_use]
    pub fn new(clock: &'a dyn Clock, committed: Duration, settings: &Settings) -> Self {
        Self { clock, committed, lease: settings.lease, call_timeout: settings.call_timeout }
    }

    /// Sends a change, if the claim has time left for it, and gives it up after the call time-out, however
    /// many requests the adapter makes of it. A process that was stopped in the middle of the call, with
    /// the change not yet on the wire (resolving a name, shaking hands), drops it unsent when it goes on.
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
        let begun = self.clock.lived();
        let mut call = pin!(call);
        // Asked before the call may take its next step, so an answer that comes after the time-out is lost too:
        // it counts as one that may have happened, and is looked for.
        let in_time = poll_fn(|cx| {
            if self.clock.lived().saturating_sub(begun) >= self.call_timeout {
                return Poll::Ready(None);
            }
            call.as_mut().poll(cx).map(Some)
        });
        match within(self.clock, self.call_timeout, in_time).await.flatten() {
            Some(answer) => answer.map_err(EffectError::Fault),
            None => {
                let message = format!("no answer within {} s", self.call_timeout.as_secs());
                Err(Fault::new(service, operation, FaultKind::TimedOut, message).into())
            }
        }
    }

    /// Whether the claim outlasts a call that is sent now, and as long again for its trace to be listed: who
    /// takes over looks for it as soon as the claim is over (protocol rule 9).
    fn check(&self) -> Result<(), EffectError> {
        let age = self.clock.lived().saturating_sub(self.committed);
        if age + 2 * self.call_timeout < self.lease { Ok(()) } else { Err(EffectError::ClaimSpent) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use jiff::Timestamp;

    use super::*;

    /// Stands at one moment unless it is moved; every sleep is over at once.
    struct Moment(Mutex<Duration>);

    impl Moment {
        fn at(seconds: u64) -> Self {
            Self(Mutex::new(Duration::from_secs(seconds)))
        }
    }

    #[async_trait]
    impl Clock for Moment {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn lived(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        async fn sleep(&self, _: Duration) {
            // The call is asked first each time; a second look at it comes before this is over.
            tokio::task::yield_now().await;
        }
    }

    fn permit(clock: &Moment, committed: u64) -> Permit<'_> {
        let (lease, call_timeout) = (Duration::from_secs(30), Duration::from_secs(10));
        Permit { clock, committed: Duration::from_secs(committed), lease, call_timeout }
    }

    #[test]
    fn a_call_that_could_outlive_the_claim_is_not_sent() {
        let clock = Moment::at(100);
        assert!(permit(&clock, 100).check().is_ok());
        assert!(permit(&clock, 91).check().is_ok());
        assert_eq!(permit(&clock, 90).check(), Err(EffectError::ClaimSpent), "it would be listed too late");
    }

    #[tokio::test]
    async fn a_change_without_an_answer_is_given_up_before_the_claim_ends() {
        let clock = Moment::at(100);
        let silence = std::future::pending::<Answer<()>>();
        let given_up = permit(&clock, 100).send(Service::Ecs, "UpdateService", silence).await.unwrap_err();
        let EffectError::Fault(fault) = given_up else { panic!("{given_up}") };
        assert!(fault.is_transient() && fault.may_have_happened(), "{fault}");
    }

    #[tokio::test]
    async fn a_process_that_was_stopped_in_the_middle_of_a_call_does_not_send_it_afterwards() {
        let clock = Moment::at(100);
        let sent = Mutex::new(false);
        let call = async {
            // Resolving the name, the process is stopped for twelve seconds.
            *clock.0.lock().unwrap() += Duration::from_secs(12);
            tokio::task::yield_now().await;
            *sent.lock().unwrap() = true;
            Ok(())
        };
        let given_up = permit(&clock, 100).send(Service::Ecs, "UpdateService", call).await.unwrap_err();
        let EffectError::Fault(fault) = given_up else { panic!("{given_up}") };
        assert!(fault.is_transient() && fault.may_have_happened(), "{fault}");
        assert!(!*sent.lock().unwrap());
    }
}
