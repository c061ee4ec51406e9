//! What GitHub knows: repositories with commits, references, releases, checks, runs and deployments.
//!
//! Pure: no clock, no network, no file. The time is a parameter, what has to be done outside is returned.
//! Nothing here may know how an answer is written as JSON; that is `shapes`.

pub(crate) mod checks;
pub(crate) mod commits;
pub(crate) mod deployments;
pub(crate) mod environments;
pub(crate) mod history;
pub(crate) mod ids;
pub(crate) mod latest;
pub(crate) mod notes;
pub(crate) mod references;
pub(crate) mod refusal;
pub(crate) mod releases;
pub(crate) mod repository;
pub(crate) mod run_filter;
pub(crate) mod runs;
pub(crate) mod statuses;
pub(crate) mod tags;
pub(crate) mod workflows;
pub(crate) mod world;
