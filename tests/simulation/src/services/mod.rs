//! The services, in memory: what each would have done. Must never know who calls, except where a service does.

pub(crate) mod ecs;
pub(crate) mod forge;
mod lagging;
pub(crate) mod queue;
pub(crate) mod registry;
pub(crate) mod table;

pub(crate) use lagging::Lagging;
