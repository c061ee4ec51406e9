//! Amazon ECS. Task definitions, services, rollouts and tasks are a file each.

mod answers;
mod cluster;
mod progress;
mod register;
mod rollouts;
mod services;
mod setup;
mod task_definitions;
mod tasks;

pub use cluster::EcsCluster;
pub use setup::EcsInspector;
