//! The contracts of Lockstep: every message that crosses the queue and every name that cannot hold a bad
//! value. This crate does no I/O, reads no clock and draws no random number; it must never depend on tokio
//! or on an SDK, so that a workflow, the worker and a test can all rely on the same definitions.

mod build;
mod cancel;
mod digest;
mod ecs_event;
mod envelope;
mod git;
mod names;
mod reason;
mod request;
pub mod schema;
mod string_type;
mod version;
mod wake;

pub use build::BuildFinished;
pub use cancel::CancelRequested;
pub use digest::ImageDigest;
pub use ecs_event::{EcsDeploymentDetail, EcsDeploymentEventName, EcsDeploymentStateChange};
pub use envelope::{DecodeError, ENVELOPE_VERSION, Message, decode, encode};
pub use git::{CommitSha, GitRef, ShortSha};
pub use names::{ApplicationName, DeploymentId, EnvironmentName};
pub use reason::Reason;
pub use request::{DeployRequested, Overrides, Requester, Target};
pub use string_type::InvalidValue;
pub use version::{BetaTag, ReleaseTag, ReleaseTagPattern, Version};
pub use wake::{Claim, WakeUp};
