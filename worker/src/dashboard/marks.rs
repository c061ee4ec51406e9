//! Marks: by them it is told whether a page that somebody looks at is still what the table says. Two marks of one thing
//! are the same as long as its page is. Must never be read back, only compared.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockstep_events::DeploymentId;
use sha2::{Digest as _, Sha256};

use crate::ports::{EnvironmentView, Recorded, Summary};

/// How many of an environment's newest deployments a mark covers: all that are opened or end between two looks.
pub(super) const MARKED: usize = 10;

/// The mark of a deployment that holds no lock any more.
pub(super) const ENDED: &str = "ended";

/// The marks of everything that may change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Of the overview.
    pub(super) overview: String,
    /// Of each deployment that is under way.
    pub(super) under_way: BTreeMap<DeploymentId, String>,
}

impl Marks {
    /// The mark of the deployment's page.
    pub(super) fn of(&self, id: DeploymentId) -> &str {
        self.under_way.get(&id).map_or(ENDED, String::as_str)
    }
}

/// Gathers an overview's mark, environment by environment.
#[derive(Default)]
pub(super) struct Overview(Sha256);

impl Overview {
    /// Takes one environment in.
    pub(super) fn add(
        &mut self,
        view: &EnvironmentView,
        newest: Option<&Recorded>,
        deployments: &[Summary],
        now: Timestamp,
    ) {
        let hold = view.lock.hold.as_ref().filter(|hold| !hold.is_over(now)).map(|hold| hold.id);
        let holder = newest.map(|item| (item.id, item.seq));
        let listed =
            deployments.iter().take(MARKED).map(|d| (d.id, d.outcome.as_deref())).collect::<Vec<_>>();
        // Debug tells values apart as well as any encoding does, and nothing reads it back.
        self.0.update(format!("{:?}{holder:?}{hold:?}{listed:?}{:?}", view.lock.token, view.record));
    }

    /// The mark.
    pub(super) fn mark(self) -> String {
        short(&self.0.finalize())
    }
}

/// The mark of a deployment's page: each of its items changes it.
pub(super) fn deployment(newest: &Recorded) -> String {
    newest.seq.to_string()
}

/// The first 16 hexadecimal digits: enough to tell two apart.
pub(super) fn short(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
