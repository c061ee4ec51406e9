//! An address that is told, and the record of what it was told. Both keep the ports' contracts: a version that is not
//! the next one is refused, and what was posted is kept even if the answer is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lockstep::faults::Service;
use lockstep::ports::{Answer, Deliveries, DeliveryRecords, Notice, Webhook};
use lockstep_events::DeploymentId;

use super::Wire;

/// A chat that remembers what was posted.
pub(crate) struct FakeWebhook {
    wire: Arc<Wire>,
    posted: Mutex<Vec<Notice>>,
}

impl FakeWebhook {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, posted: Mutex::default() }
    }

    /// Everything that arrived.
    pub(crate) fn posted(&self) -> Vec<Notice> {
        self.posted.lock().unwrap().clone()
    }

    /// The occasions that arrived, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        let occasion = |notice: &Notice| {
            let body: serde_json::Value = serde_json::from_str(&notice.body).unwrap();
            body["occasion"].as_str().unwrap().to_owned()
        };
        self.posted().iter().map(occasion).collect()
    }
}

#[async_trait]
impl Webhook for FakeWebhook {
    async fn post(&self, notice: &Notice) -> Answer<()> {
        let arrives = || self.posted.lock().unwrap().push(notice.clone());
        self.wire.send(Service::Webhook, "POST", arrives).await
    }
}

/// The record of deliveries.
pub(crate) struct MemoryDeliveries {
    wire: Arc<Wire>,
    items: Mutex<BTreeMap<(DeploymentId, String), Deliveries>>,
}

impl MemoryDeliveries {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, items: Mutex::default() }
    }

    /// What stands.
    pub(crate) fn of(&self, id: DeploymentId, webhook: &str) -> Deliveries {
        self.items.lock().unwrap().get(&(id, webhook.to_owned())).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl DeliveryRecords for MemoryDeliveries {
    async fn deliveries(&self, id: DeploymentId, webhook: &str) -> Answer<Deliveries> {
        self.wire.send(Service::DynamoDb, "deliveries", || self.of(id, webhook)).await
    }

    async fn record_deliveries(
        &self,
        id: DeploymentId,
        webhook: &str,
        deliveries: &Deliveries,
    ) -> Answer<bool> {
        let write = || {
            let stands = self.of(id, webhook).version;
            let next = deliveries.version == stands + 1;
            if next {
                self.items.lock().unwrap().insert((id, webhook.to_owned()), deliveries.clone());
            }
            next
        };
        self.wire.send(Service::DynamoDb, "record deliveries", write).await
    }
}
