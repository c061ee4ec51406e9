//! Telling people: the addresses that are told, and the record of what each was told. Neither is part of a deployment;
//! nothing that happens here may change what becomes of one.

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::DeploymentId;
use serde::{Deserialize, Serialize};

use super::Answer;
use crate::config::Occasion;

/// One message to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same at every try: by it, whoever is told twice can know that.
    pub id: String,
    /// When it is sent, by this host's clock.
    pub at: Timestamp,
    /// JSON.
    pub body: String,
}

/// An address that is told.
#[async_trait]
pub trait Webhook: Send + Sync {
    /// Sends it once. Whether it arrived is known only from an `Ok`: a fault may hide that it did.
    async fn post(&self, notice: &Notice) -> Answer<()>;
}

/// What one address was told of one deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deliveries {
    /// How often this was written: each write is conditional on the number before.
    pub version: u64,
    /// What is settled, in the order in which it was.
    pub settled: Vec<Settled>,
    /// What is being tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trying: Option<Trying>,
}

/// A notice that has been delivered, or never will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub notice: String,
    /// What it was about.
    pub occasion: Occasion,
    /// The history item that it tells of; none when it tells of none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// When that was settled.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was given up; none when it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<String>,
}

/// A notice that is being tried, by whoever wrote this last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trying {
    /// Which.
    pub notice: String,
    /// How often it has been tried, the try that is under way included.
    pub tries: u32,
    /// From when on anybody may try again.
    pub next_at: Timestamp,
    /// What went wrong at the last try, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The record of deliveries.
#[async_trait]
pub trait DeliveryRecords: Send + Sync {
    /// What this address was told of this deployment; a strongly consistent read.
    async fn deliveries(&self, id: DeploymentId, webhook: &str) -> Answer<Deliveries>;

    /// Writes it if its version is one higher than the one that stands; false when somebody else was first.
    async fn record_deliveries(
        &self,
        id: DeploymentId,
        webhook: &str,
        deliveries: &Deliveries,
    ) -> Answer<bool>;
}
