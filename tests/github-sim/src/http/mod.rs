//! GitHub's REST API and the simulator's own control routes, one file per family.
//!
//! Handlers only translate between HTTP and the model; what is allowed and what happens is decided there.

mod actions;
mod body;
mod checks;
mod commits;
mod content;
mod control;
mod deployments;
mod environments;
mod gate;
mod installations;
mod paging;
mod references;
mod releases;
mod reply;
mod repositories;
mod router;
mod runs;

pub(crate) use router::router;
