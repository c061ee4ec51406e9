//! Snapshots: the machine as stored. Versioned; a version that this build does not know is refused by name,
//! never guessed at. Reading one runs no effect.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Deployment, Machine, State};

/// The version of the snapshots that this build writes and reads.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Why a snapshot could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Written by another version.
    #[error(
        "snapshot version {found} is unknown to this worker, which reads version {SNAPSHOT_VERSION}: let a worker of the version that wrote it finish the deployment"
    )]
    UnknownVersion {
        /// The version found.
        found: u32,
    },
    /// Not a snapshot.
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored<D> {
    v: u32,
    state: State,
    since: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    deployment: D,
}

impl Machine {
    /// The machine as JSON.
    ///
    /// # Errors
    /// `Unreadable`, should a fact not be expressible in JSON (none is known).
    pub fn snapshot(&self) -> Result<String, SnapshotError> {
        let stored = Stored {
            v: SNAPSHOT_VERSION,
            state: self.state,
            since: self.since,
            deadline: self.deadline,
            deployment: &self.deployment,
        };
        serde_json::to_string(&stored).map_err(|e| SnapshotError::Unreadable(e.to_string()))
    }

    /// The machine from JSON.
    ///
    /// # Errors
    /// The snapshot is of another version, or is none.
    pub fn restore(text: &str) -> Result<Self, SnapshotError> {
        // serde quotes what it did not expect, however long it is.
        let unreadable =
            |e: serde_json::Error| SnapshotError::Unreadable(e.to_string().chars().take(300).collect());
        let version: Version = serde_json::from_str(text).map_err(unreadable)?;
        if version.v != SNAPSHOT_VERSION {
            return Err(SnapshotError::UnknownVersion { found: version.v });
        }
        let stored: Stored<Deployment> = serde_json::from_str(text).map_err(unreadable)?;
        Ok(Self {
            deployment: stored.deployment,
            state: stored.state,
            since: stored.since,
            deadline: stored.deadline,
        })
    }
}
