//! The queue, watched. Must never change what passes through it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Operations;
use super::pulse::Needed;
use crate::ports::{Answer, Delivery, Queue};

/// A queue whose answers are noted.
pub struct WatchedQueue {
    queue: Arc<dyn Queue>,
    operations: Arc<Operations>,
}

impl WatchedQueue {
    /// The queue, watched for these.
    #[must_use]
    pub(super) fn new(queue: Arc<dyn Queue>, operations: Arc<Operations>) -> Self {
        Self { queue, operations }
    }

    fn noted<T>(&self, answer: Answer<T>, done: &'static str, count: impl Fn(&T) -> usize) -> Answer<T> {
        let operations = &self.operations;
        operations.pulse.answered(Needed::Queue, answer.as_ref().err(), operations.clock.lived());
        match &answer {
            Ok(answer) => operations.counts.messages(done, count(answer)),
            Err(fault) => operations.counts.failed(fault),
        }
        answer
    }
}

#[async_trait]
impl Queue for WatchedQueue {
    async fn receive(&self, max: u32, wait: Duration) -> Answer<Vec<Delivery>> {
        self.noted(self.queue.receive(max, wait).await, "received", Vec::len)
    }

    async fn send(&self, body: &str, delay: Duration) -> Answer<()> {
        self.noted(self.queue.send(body, delay).await, "sent", |()| 1)
    }

    async fn extend(&self, receipt: &str, visibility: Duration) -> Answer<()> {
        self.noted(self.queue.extend(receipt, visibility).await, "extended", |()| 1)
    }

    async fn delete(&self, receipt: &str) -> Answer<()> {
        self.noted(self.queue.delete(receipt).await, "deleted", |()| 1)
    }

    async fn park(&self, delivery: &Delivery, reason: &str) -> Answer<()> {
        self.noted(self.queue.park(delivery, reason).await, "parked", |()| 1)
    }
}
