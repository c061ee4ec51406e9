//! The queue's port.

use std::time::Duration;

use async_trait::async_trait;
use futures::channel::oneshot;
use lockstep::faults::{Fault, FaultKind, Service};
use lockstep::ports::{Answer, Delivery, Queue};

use crate::wire::Line;

/// The queue and its dead-letter queue.
pub(crate) struct SimQueue(pub(crate) Line);

#[async_trait]
impl Queue for SimQueue {
    async fn receive(&self, max: u32, wait: Duration) -> Answer<Vec<Delivery>> {
        let max = usize::try_from(max).unwrap_or(1);
        let (answer, heard) = oneshot::channel();
        // The request's own trouble first; then the service answers when it has something.
        let asked = self.0.call(Service::Sqs, "receive", move |universe| {
            universe.receive_messages(max, wait, answer);
            Ok(())
        });
        asked.await?;
        heard.await.unwrap_or_else(|_| {
            Err(Fault::new(Service::Sqs, "receive", FaultKind::Connection, "the queue hung up"))
        })
    }

    async fn send(&self, body: &str, delay: Duration) -> Answer<()> {
        let body = body.to_owned();
        let sent = self.0.call(Service::Sqs, "send", move |universe| {
            universe.send_message(&body, delay.min(Duration::from_secs(900)));
            Ok(())
        });
        sent.await
    }

    async fn extend(&self, receipt: &str, visibility: Duration) -> Answer<()> {
        let receipt = receipt.to_owned();
        let sent = self.0.call(Service::Sqs, "extend", move |universe| {
            universe.hide_message(&receipt, visibility);
            Ok(())
        });
        sent.await
    }

    async fn delete(&self, receipt: &str) -> Answer<()> {
        let receipt = receipt.to_owned();
        let sent = self.0.call(Service::Sqs, "delete", move |universe| {
            universe.delete_message(&receipt);
            Ok(())
        });
        sent.await
    }

    async fn park(&self, delivery: &Delivery, reason: &str) -> Answer<()> {
        let letter = (delivery.body.clone(), Some(reason.to_owned()));
        let sent = self.0.call(Service::Sqs, "park", move |universe| {
            universe.note(format_args!("parked: {}", letter.1.as_deref().unwrap_or_default()));
            universe.counts.one("messages parked");
            universe.messages.dead.push(letter);
            Ok(())
        });
        sent.await
    }
}
