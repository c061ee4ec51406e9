//! The state file: one JSON document, replaced atomically.
//!
//! A reader of the file sees a whole state or none. An older state never replaces a newer one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::call_log::LoggedCall;
use crate::core::Core;
use crate::model::World;

/// Raised whenever a stored state can no longer be read.
const FORMAT: u32 = 1;

/// What the file holds.
#[derive(Debug, Deserialize)]
pub(crate) struct Stored {
    format: u32,
    pub(crate) world: World,
    pub(crate) log: Vec<LoggedCall>,
}

#[derive(Serialize)]
struct Storing<'a> {
    format: u32,
    world: &'a World,
    log: &'a [LoggedCall],
}

/// A state file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// It could not be read or written.
    #[error("state file {path}: {source}; check that its directory exists and is writable")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not a state file of this version.
    #[error(
        "state file {path} is not a simulator state of format {FORMAT}: {reason}; remove it to start afresh"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Stored {
    pub(crate) fn fresh(world: World) -> Self {
        Self { format: FORMAT, world, log: Vec::new() }
    }

    /// Reads the file; `None` when there is none yet.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, PersistError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(PersistError::Io { path: path.to_owned(), source }),
        };
        let content = |reason: String| PersistError::Content { path: path.to_owned(), reason };
        let stored: Self = serde_json::from_slice(&bytes).map_err(|error| content(error.to_string()))?;
        if stored.format != FORMAT {
            return Err(content(format!("it says format {}", stored.format)));
        }
        Ok(Some(stored))
    }
}

/// Writes the state of a core to its file. Does nothing without a file.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: Option<PathBuf>,
    /// The version written last, and its bytes.
    written: Mutex<(u64, Vec<u8>)>,
}

impl StateFile {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, written: Mutex::new((0, Vec::new())) }
    }

    /// Stores what is newest now. Failures are logged: a simulator goes on without its file.
    pub(crate) async fn save(&self, core: &Arc<Core>) {
        let Some(path) = &self.path else { return };
        let mut written = self.written.lock().await;
        let (version, world, log) = core.snapshot();
        if version <= written.0 {
            return;
        }
        let storing = Storing { format: FORMAT, world: &world, log: &log };
        let result = match serde_json::to_vec(&storing) {
            Ok(bytes) if bytes == written.1 => Ok(bytes),
            Ok(bytes) => replace(path, &bytes).await.map(|()| bytes),
            Err(error) => Err(std::io::Error::other(error)),
        };
        match result {
            Ok(bytes) => *written = (version, bytes),
            Err(error) => {
                tracing::error!(state.file = %path.display(), %error, "the simulator's state was not stored")
            }
        }
    }
}

async fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    tokio::fs::write(&beside, bytes).await?;
    tokio::fs::rename(&beside, path).await
}
