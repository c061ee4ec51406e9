//! Adapters: the ports over the real SDKs and clients. All I/O of the worker is here; an adapter must never
//! decide what a deployment does next, and never repeats a call that changes something.

pub mod aws;
pub mod chance;
pub mod clock;
pub mod dynamodb;
pub mod ecs;
pub mod github;
pub mod readiness;
pub mod registry;
pub mod sqs;
pub mod webhook;
