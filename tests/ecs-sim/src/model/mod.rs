//! The simulated ECS as a pure model: state in, state and effects out.
//!
//! It never reads a clock, opens a socket, starts a process or draws from the system's randomness: `now` and
//! the seed of its ids are handed in, what must be done outside comes back as [`Effect`]s, and what happened
//! outside comes in as [`Report`]s. So the same code runs under real and under virtual time.

mod arns;
mod breaker;
mod create;
mod delete;
mod deployment;
mod effects;
mod error;
mod events;
mod ids;
mod lookup;
mod reports;
mod restart;
mod revision;
mod rollout;
mod rules;
mod scheduler;
mod service;
mod service_deployment;
mod stop_deployment;
mod task;
mod task_definition;
mod tick;
mod update;
mod world;

pub use arns::Arns;
pub use create::NewService;
pub use deployment::{Deployment, DeploymentStatus, RolloutState};
pub use effects::{ContainerSpec, DeploymentEventName, DeploymentStateChange, Effect, ImageDigests, Report};
pub use error::ApiError;
pub use events::ServiceEvent;
pub use revision::{RevisionImage, ServiceRevision};
pub use rules::{RolloutRules, Threshold};
pub use service::{Service, ServiceStatus};
pub use service_deployment::{
    BreakerStatus, RevisionCounts, Rollback, ServiceDeployment, ServiceDeploymentStatus,
};
pub use stop_deployment::StopType;
pub use task::{Task, TaskContainer, TaskState};
pub use task_definition::{TaskDefinition, TaskDefinitionRef};
pub use update::ServiceChange;
pub use world::{Step, World};

/// A point in time: milliseconds since the Unix epoch. Handed in, never read from a clock here.
pub type Millis = u64;
