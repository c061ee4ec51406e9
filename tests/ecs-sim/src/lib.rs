//! A local simulator of Amazon ECS that speaks its real wire protocol; its tasks are real processes.
//!
//! For tests and the sandbox. It must never reach beyond 127.0.0.1, and nothing in the product may depend on it.
//!
//! - [`model`]: the behaviour, pure.
//! - [`runner`]: pulls images and runs processes. `front`: stands in for the load balancer.
//! - `http`: the AWS JSON 1.1 protocol, one file per family of actions.
//! - `sim`, `driver`, `core`: hold it together. `virtual_sim`: the same without processes, under a clock moved by
//!   hand. [`knobs`]: faults and uncertain behaviour, switchable at run time.

pub mod knobs;
pub mod model;
pub mod runner;
pub mod timing;

mod call_log;
mod config;
mod core;
mod driver;
mod events;
mod front;
mod history;
mod http;
mod persist;
mod seed;
mod sim;
mod virtual_sim;

pub use call_log::{CallOutcome, LoggedCall};
pub use config::{ClusterSeed, Config, Initial, ServiceSeed, SqsTarget};
pub use core::Now;
pub use knobs::{Knobs, KnobsHandle};
pub use persist::PersistError;
pub use sim::{EcsSim, StartError};
pub use timing::Timing;
pub use virtual_sim::{Fate, Image, Snapshot, VirtualEcs, VirtualLauncher};
