//! What all doubles share: the log of calls, the troubles that the next calls meet, and deeds of somebody else
//! that are done just before a call or a commit. Must never answer anything itself.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use futures::future::BoxFuture;
use lockstep::faults::{Fault, FaultKind, Service};
use lockstep::ports::Answer;

/// What a call meets instead of its answer.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    kind: FaultKind,
    took_effect: bool,
    retry_after: Option<Duration>,
}

impl Trouble {
    /// The call fails and does nothing.
    pub(crate) fn without_effect(kind: FaultKind) -> Self {
        Self { kind, took_effect: false, retry_after: None }
    }

    /// The call does what it is asked for, but its answer is lost.
    pub(crate) fn after_effect(kind: FaultKind) -> Self {
        Self { kind, took_effect: true, retry_after: None }
    }

    /// The service asks for this wait.
    pub(crate) fn asking_for(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }
}

/// The moment just before the next call of an operation is sent.
pub(crate) fn call(operation: &str) -> String {
    operation.to_owned()
}

/// The moment just before the commit of this event that leads to this state is sent.
pub(crate) fn commit(event: &str, to: &str) -> String {
    format!("{event} to {to}")
}

/// Between the engine and every double.
#[derive(Default)]
pub(crate) struct Wire {
    log: Mutex<Vec<(Service, &'static str)>>,
    troubles: Mutex<Vec<(&'static str, Trouble)>>,
    deeds: Mutex<Vec<(String, BoxFuture<'static, ()>)>>,
}

impl Wire {
    /// Does this once, just before the moment.
    pub(crate) fn before(&self, moment: String, deed: impl Future<Output = ()> + Send + 'static) {
        self.deeds.lock().unwrap().push((moment, Box::pin(deed)));
    }

    /// The next call of this operation meets this; after it, the next one that is told of it.
    pub(crate) fn trouble(&self, operation: &'static str, trouble: Trouble) {
        self.troubles.lock().unwrap().push((operation, trouble));
    }

    /// How often this operation was sent.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|(_, sent)| *sent == operation).count()
    }

    /// Every call so far, table and queue included.
    pub(crate) fn log(&self) -> Vec<&'static str> {
        self.log.lock().unwrap().iter().map(|(_, operation)| *operation).collect()
    }

    /// Every call so far to anything but the table and the queue.
    pub(crate) fn services(&self) -> Vec<&'static str> {
        let log = self.log.lock().unwrap();
        let outside = log.iter().filter(|(service, _)| !matches!(service, Service::DynamoDb | Service::Sqs));
        outside.map(|(_, operation)| *operation).collect()
    }

    /// Lets whatever is to be done at this moment be done.
    pub(crate) async fn reach(&self, moment: &str) {
        let deed = {
            let mut deeds = self.deeds.lock().unwrap();
            let place = deeds.iter().position(|(wanted, _)| wanted == moment);
            place.map(|place| deeds.remove(place).1)
        };
        if let Some(deed) = deed {
            deed.await;
        }
    }

    /// Sends a call: what is to be done before it, then the log, then its effect or its trouble.
    pub(crate) async fn send<T>(
        &self,
        service: Service,
        operation: &'static str,
        effect: impl FnOnce() -> T + Send,
    ) -> Answer<T> {
        self.reach(&call(operation)).await;
        self.log.lock().unwrap().push((service, operation));
        let trouble = {
            let mut troubles = self.troubles.lock().unwrap();
            let place = troubles.iter().position(|(wanted, _)| *wanted == operation);
            place.map(|place| troubles.remove(place).1)
        };
        let Some(trouble) = trouble else { return Ok(effect()) };
        if trouble.took_effect {
            effect();
        }
        let mut fault = Fault::new(service, operation, trouble.kind, "trouble that a test made");
        fault.retry_after = trouble.retry_after;
        Err(fault)
    }
}
