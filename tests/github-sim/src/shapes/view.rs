//! One repository seen from outside: the addresses of what is in it.
//!
//! Addresses are made when an answer is written and never stored: the port may change with a restart.

use jiff::Timestamp;

use crate::model::repository::Repository;

/// A repository together with the simulator's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    /// Such as `http://127.0.0.1:8080`.
    pub(crate) base: &'a str,
    pub(crate) repository: &'a Repository,
    /// Whether runs hide their branch, as GitHub does for some events.
    pub(crate) null_head_branch: bool,
    /// Whether a run's `name` is the workflow's name instead of the run's own.
    pub(crate) workflow_name_as_run_name: bool,
}

impl View<'_> {
    /// The repository's address in the API.
    pub(crate) fn api(&self) -> String {
        format!("{}/repos/{}", self.base, self.repository.full_name())
    }

    /// The repository's address for people.
    pub(crate) fn web(&self) -> String {
        web(self.base, self.repository)
    }
}

/// A repository's address for people.
pub(crate) fn web(base: &str, repository: &Repository) -> String {
    format!("{base}/{}", repository.full_name())
}

/// A time as GitHub writes it: UTC, whole seconds.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
