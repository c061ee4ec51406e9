//! The ECS adapter: what it asks of a scripted double and makes of every answer, and one service's whole way
//! against the simulator.

pub(crate) mod double;
mod rollouts;
mod services;
mod simulated;
mod task_definitions;
mod tasks;
