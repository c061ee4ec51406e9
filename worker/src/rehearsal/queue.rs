//! The queue of a rehearsal: what is sent to it goes nowhere, for the rehearsal wakes its deployment itself. It needs
//! no queue at all, and so no leave to use one.

use std::time::Duration;

use async_trait::async_trait;

use super::refused;
use crate::faults::Service;
use crate::ports::{Answer, Delivery, Queue};

/// No queue.
pub(super) struct NoQueue;

#[async_trait]
impl Queue for NoQueue {
    async fn receive(&self, _: u32, _: Duration) -> Answer<Vec<Delivery>> {
        Err(refused(Service::Sqs, "ReceiveMessage"))
    }

    async fn send(&self, _: &str, _: Duration) -> Answer<()> {
        Ok(())
    }

    async fn extend(&self, _: &str, _: Duration) -> Answer<()> {
        Err(refused(Service::Sqs, "ChangeMessageVisibility"))
    }

    async fn delete(&self, _: &str) -> Answer<()> {
        Err(refused(Service::Sqs, "DeleteMessage"))
    }

    async fn park(&self, _: &Delivery, _: &str) -> Answer<()> {
        Err(refused(Service::Sqs, "SendMessage"))
    }
}
