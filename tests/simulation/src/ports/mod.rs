//! The worker's ports over the simulated services: each call goes over the worker's [`Line`](crate::wire::Line).
//! Must never answer anything that the service did not.

mod application;
mod cluster;
mod forge;
mod queue;
mod registry;
mod store;
mod time;

pub(crate) use application::SimApplication;
pub(crate) use cluster::SimCluster;
pub(crate) use forge::SimForge;
pub(crate) use queue::SimQueue;
pub(crate) use registry::SimRegistry;
pub(crate) use store::SimStore;
pub(crate) use time::{SimChance, SimClock};
