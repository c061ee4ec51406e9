//! Whether a worker is alive and ready, by what its ports answered last. Measured on the process's own monotonic clock. Must never
//! say that something works which was not seen to work.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::faults::Fault;

/// A worker whose ports have answered nothing for this long hangs: an idle one receives every 20 seconds, and no call may take
/// longer than its time-out.
const STUCK: Duration = Duration::from_secs(300);

/// The two things without which nothing can be taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    Table,
    Queue,
}

#[derive(Debug, Default)]
struct Seen {
    /// When anything was answered last.
    last: Duration,
    /// What the last call came to; `None` before the first.
    table: Option<Result<(), String>>,
    queue: Option<Result<(), String>>,
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Seen>);

impl Pulse {
    /// Nothing yet, at this time of the worker's life.
    pub(super) fn new(now: Duration) -> Self {
        Self(Mutex::new(Seen { last: now, ..Seen::default() }))
    }

    /// One of the two has answered, or failed so.
    pub(super) fn answered(&self, by: Needed, fault: Option<&Fault>, now: Duration) {
        // The service's own words stay in the log: who may ask here is not who may read that.
        let outcome =
            fault.map_or(Ok(()), |fault| Err(format!("{} failed ({:?})", fault.operation, fault.kind)));
        let mut seen = self.seen();
        seen.last = seen.last.max(now);
        match by {
            Needed::Table => seen.table = Some(outcome),
            Needed::Queue => seen.queue = Some(outcome),
        }
    }

    pub(super) fn alive(&self, now: Duration) -> Result<(), String> {
        let silent = now.saturating_sub(self.seen().last);
        if silent > STUCK {
            return Err(format!("table and queue have answered nothing for {} s", silent.as_secs()));
        }
        Ok(())
    }

    pub(super) fn ready(&self, now: Duration) -> Result<(), String> {
        self.alive(now)?;
        let seen = self.seen();
        for (name, outcome) in [("table", &seen.table), ("queue", &seen.queue)] {
            match outcome {
                None => return Err(format!("the {name} has not answered yet")),
                Some(Err(problem)) => return Err(format!("the {name}'s last call: {problem}")),
                Some(Ok(())) => {}
            }
        }
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::{FaultKind, Service};

    const NOW: Duration = Duration::from_secs(1000);

    #[test]
    fn it_is_ready_once_both_have_answered_and_no_longer_when_one_fails() {
        let pulse = Pulse::new(NOW);
        assert_eq!(pulse.ready(NOW).unwrap_err(), "the table has not answered yet");
        pulse.answered(Needed::Table, None, NOW);
        assert_eq!(pulse.ready(NOW).unwrap_err(), "the queue has not answered yet");
        pulse.answered(Needed::Queue, None, NOW);
        assert_eq!(pulse.ready(NOW), Ok(()));
        let fault = Fault::new(Service::Sqs, "ReceiveMessage", FaultKind::Denied, "arn:secret is not yours");
        pulse.answered(Needed::Queue, Some(&fault), NOW);
        assert_eq!(pulse.ready(NOW).unwrap_err(), "the queue's last call: ReceiveMessage failed (Denied)");
        assert_eq!(pulse.alive(NOW), Ok(()), "a worker that can do nothing is alive all the same");
        pulse.answered(Needed::Queue, None, NOW);
        assert_eq!(pulse.ready(NOW), Ok(()));
    }

    #[test]
    fn a_loop_that_does_not_turn_is_not_alive_until_it_does() {
        let pulse = Pulse::new(NOW);
        assert_eq!(pulse.alive(NOW + STUCK), Ok(()));
        let late = NOW + STUCK + Duration::from_secs(1);
        assert_eq!(pulse.alive(late).unwrap_err(), "table and queue have answered nothing for 301 s");
        assert!(pulse.ready(late).is_err());
        pulse.answered(Needed::Table, None, late);
        assert_eq!(pulse.alive(late), Ok(()));
    }
}
