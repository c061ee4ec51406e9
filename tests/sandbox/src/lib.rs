//! The sandbox: everything that Lockstep talks to, on 127.0.0.1, in one process, with real images in a real
//! registry protocol and real processes as tasks. Tests and the `sandbox` program stand on it. The product
//! must never depend on it, and nothing here may listen on another interface.

pub mod binaries;
pub mod environment;
pub mod places;
pub mod sample;
pub mod seeds;
pub mod settings;
pub mod stand_ins;
pub mod tour;
mod town;
mod worker;

pub use town::{Options, Sandbox, SandboxError};
pub use worker::{Run, WorkerProcess};
