//! In-memory doubles of the ports. Each keeps to its port's documented contract, the conditions of the table
//! above all; each call goes over the [`Wire`], where tests see it, break it, or do something just before it.

mod cluster;
mod forge;
mod notices;
mod queue;
mod registry;
mod simple;
mod store;
mod wire;

pub(crate) use cluster::{FakeCluster, Lingering};
pub(crate) use forge::{COMMIT, DIGEST, FakeForge};
pub(crate) use notices::{FakeWebhook, MemoryDeliveries};
pub(crate) use queue::{MemoryQueue, Message};
pub(crate) use registry::FakeRegistry;
pub(crate) use simple::{AlwaysReady, HandClock};
pub(crate) use store::MemoryStore;
pub(crate) use wire::{Trouble, Wire, call, commit};
