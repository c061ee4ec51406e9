//! Between a worker and every service: when a call arrives, whether it does, when its answer comes back, whether
//! it does. A call that was sent arrives within the call time-out, also when its sender has died or given up.
//! Must never know what a call means.

use std::time::Duration;

use futures::channel::oneshot;
use lockstep::faults::{Fault, FaultKind, Service};
use lockstep::ports::Answer;

use crate::plan::CALL_TIMEOUT;
use crate::sabotage::Sabotage;
use crate::universe::{Shared, Universe};

/// One worker's end of the wire.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) shared: Shared,
    pub(crate) worker: usize,
}

/// What becomes of one call.
struct Fate {
    /// When, from its sending, it arrives and takes effect, if it does.
    arrives: Option<Duration>,
    /// When its sender hears of it: from its arrival if it is answered, else from its sending.
    answered: Duration,
    /// What the sender hears instead of the answer.
    fault: Option<Fault>,
}

impl Line {
    /// Sends a call: `effect` happens at the service when the call arrives.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        service: Service,
        operation: &'static str,
        effect: impl FnOnce(&mut Universe) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let (answer, heard) = oneshot::channel();
        if !self.send(service, operation, effect, answer) {
            // Dead: the run drops this worker before it is polled again.
            return std::future::pending().await;
        }
        let heard = heard.await;
        if self.shared.lock().strike(self.worker) {
            return std::future::pending().await;
        }
        heard.unwrap_or_else(|_| Err(Fault::new(service, operation, FaultKind::Connection, "hung up")))
    }

    /// False when the worker has died before or in sending it.
    fn send<T: Send + 'static>(
        &self,
        service: Service,
        operation: &'static str,
        effect: impl FnOnce(&mut Universe) -> Answer<T> + Send + 'static,
        answer: oneshot::Sender<Answer<T>>,
    ) -> bool {
        let mut universe = self.shared.lock();
        if universe.staff.workers[self.worker].dead {
            return false;
        }
        let died_before = universe.dice.lucky(0.5) && universe.strike(self.worker);
        if died_before {
            return false;
        }
        universe.counts.one("calls");
        let fate = universe.fate(service, operation);
        let worker = self.worker;
        match fate.fault {
            None => universe.after(fate.arrives.unwrap_or_default(), move |universe| {
                let outcome = effect(universe);
                let told = outcome.as_ref().err().map(|fault| fault.kind);
                universe.note_call(worker, service, operation, told, None);
                // Nobody may listen any more.
                universe.after(fate.answered, move |_| drop(answer.send(outcome)));
            }),
            Some(fault) => {
                let heard = Some(fault.kind);
                match fate.arrives {
                    None => universe.note_call(worker, service, operation, heard, None),
                    Some(arrives) => universe.after(arrives, move |universe| {
                        let told = effect(universe).err().map(|fault| fault.kind);
                        universe.note_call(worker, service, operation, told, heard);
                    }),
                }
                universe.after(fate.answered, move |_| drop(answer.send(Err(fault))));
            }
        }
        !universe.strike(self.worker)
    }

    /// Returns after this long.
    pub(crate) async fn sleep(&self, pause: Duration) {
        let (over, wait) = oneshot::channel();
        self.shared.lock().after(pause, move |_| {
            // Who slept may have died.
            let _ = over.send(());
        });
        // The calendar keeps every deed until its time.
        let _ = wait.await;
    }
}

impl Universe {
    fn note_call(
        &mut self,
        worker: usize,
        service: Service,
        operation: &'static str,
        told: Option<FaultKind>,
        heard: Option<FaultKind>,
    ) {
        let Self { staff, journal, now, .. } = self;
        let name = &staff.workers[worker].name;
        match (told, heard) {
            (None, None) => journal.write(*now, format_args!("{name} {service} {operation}")),
            (Some(told), None) => journal.write(*now, format_args!("{name} {service} {operation}: {told:?}")),
            (_, Some(heard)) => journal.write(
                *now,
                format_args!("{name} {service} {operation} arrives, its sender hears {heard:?}"),
            ),
        }
    }

    fn fate(&mut self, service: Service, operation: &'static str) -> Fate {
        let trouble = if self.is_troubled() { self.plan.trouble } else { Default::default() };
        let fault = |kind| Some(Fault::new(service, operation, kind, "trouble of the simulation"));
        let now = self.now;
        if self.outages.iter().any(|(away, until)| *away == service && now < *until) {
            let wait = self.dice.seconds(0.01, 3.0);
            return Fate { arrives: None, answered: wait, fault: fault(FaultKind::Connection) };
        }
        let slow = self.dice.lucky(trouble.slow);
        let (there, back) = if slow {
            (self.dice.seconds(0.1, 9.0), self.dice.seconds(0.1, 5.0))
        } else {
            (self.dice.seconds(0.004, 0.1), self.dice.seconds(0.004, 0.1))
        };
        let mut draw = self.dice.fraction();
        let mut meets = |probability: f64| {
            draw -= probability;
            draw < 0.0
        };
        if meets(trouble.throttled) {
            self.counts.one("throttles");
            let mut fault = fault(FaultKind::Throttled);
            if let Some(fault) = fault.as_mut().filter(|_| self.dice.lucky(0.3)) {
                fault.retry_after = Some(self.dice.seconds(1.0, 200.0));
            }
            return Fate { arrives: None, answered: there + back, fault };
        }
        let transaction = matches!(operation, "open" | "reject" | "close");
        if transaction && self.dice.lucky(trouble.contended) {
            self.counts.one("contentions");
            return Fate { arrives: None, answered: there + back, fault: fault(FaultKind::Contended) };
        }
        let took_effect = self.dice.lucky(0.5);
        let arrives = took_effect.then_some(there);
        if meets(trouble.unavailable) {
            self.counts.one(if took_effect { "answers lost" } else { "server errors" });
            return Fate { arrives, answered: there + back, fault: fault(FaultKind::Unavailable) };
        }
        if meets(trouble.broken) {
            self.counts.one(if took_effect { "answers lost" } else { "connections broken" });
            return Fate { arrives, answered: there + back, fault: fault(FaultKind::Connection) };
        }
        if meets(trouble.silent) {
            self.counts.one(if took_effect { "late arrivals" } else { "silences" });
            let latest = if self.plan.is_sabotaged(Sabotage::CallsArriveLate) {
                20.0 * CALL_TIMEOUT.as_secs_f64()
            } else {
                CALL_TIMEOUT.as_secs_f64()
            };
            let late = self.dice.seconds(0.1, latest);
            let arrives = took_effect.then_some(late);
            return Fate { arrives, answered: CALL_TIMEOUT, fault: fault(FaultKind::TimedOut) };
        }
        Fate { arrives: Some(there), answered: back, fault: None }
    }
}
