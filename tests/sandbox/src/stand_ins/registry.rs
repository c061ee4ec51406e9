//! An OCI registry: ferro-oci-server on a directory, with the challenges, refusals and counts of a registry
//! in the field put in front of it. Must keep every manifest byte for byte, tags and media types across a
//! restart, and must refuse to start on metadata it cannot read rather than start empty.
//!
//! The directory holds `blobs/` (one file for each blob) and `metadata.json` (manifests, tags, media types),
//! which is rewritten and synced before a manifest's PUT is answered. Uploads under way do not survive.

mod auth;
mod behaviour;
mod place;
mod tokens;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use ferro_blob_store::FsBlobStore;
use ferro_oci_server::{AppState, InMemoryRegistryMeta, METADATA_FILE_NAME};
use serde::de::IgnoredAny;

pub use self::auth::RegistryAuth;
use self::auth::{Gate, guard};
pub use self::behaviour::{Behaviour, TagRule};
use self::behaviour::{Front, behave};
use super::error::StandInError;
use super::serving::{Bound, Serving};

const SERVICE: &str = "registry stand-in";

/// A running registry stand-in. Dropping it stops it without waiting.
pub struct Registry {
    serving: Serving,
    behaviour: Arc<Behaviour>,
    /// Held as long as it runs: two processes that write one metadata file would lose each other's tags.
    _lock: File,
}

impl Registry {
    /// Serves on `address` (port 0: any free one) what `directory` holds, open to everybody; the directory is
    /// created if absent. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// [`StandInError`]: the address cannot be used, or the directory cannot: not writable, in use by another
    /// registry, or its metadata is damaged.
    pub fn start(address: SocketAddr, directory: &Path) -> Result<Self, StandInError> {
        Self::start_guarded(address, directory, RegistryAuth::Open)
    }

    /// As [`Registry::start`], with `auth` in front of everything under `/v2/`.
    ///
    /// # Errors
    /// As [`Registry::start`].
    pub fn start_guarded(
        address: SocketAddr,
        directory: &Path,
        auth: RegistryAuth,
    ) -> Result<Self, StandInError> {
        let bound = Bound::on(SERVICE, address)?;
        let blobs = directory.join("blobs");
        std::fs::create_dir_all(&blobs).map_err(|error| unusable(&blobs, error))?;
        let lock = lock(directory)?;
        refuse_damaged(&directory.join(METADATA_FILE_NAME))?;

        let store = FsBlobStore::new(&blobs).map_err(|error| unusable(&blobs, error))?;
        let metadata = Arc::new(InMemoryRegistryMeta::with_persistence(directory));
        let behaviour = Arc::new(Behaviour::default());
        let gate = Arc::new(Gate::new(auth, bound.address()));
        let front = Front { behaviour: Arc::clone(&behaviour), metadata: metadata.clone() };
        let router = ferro_oci_server::router(AppState::new(Arc::new(store), metadata))
            .layer(from_fn_with_state(front, behave))
            .layer(from_fn_with_state(Arc::clone(&gate), guard))
            .merge(tokens::routes(gate));
        Ok(Self { serving: bound.serve_router(router), behaviour, _lock: lock })
    }

    /// `127.0.0.1:port`, as it stands in an image reference.
    pub fn host(&self) -> String {
        self.serving.address().to_string()
    }

    /// The base URL; the registry protocol is under its `/v2/`.
    pub fn endpoint(&self) -> String {
        self.serving.endpoint()
    }

    /// The address served, its port never 0.
    pub fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// How it behaves beyond storing, and what it counted.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Stops serving once running requests are answered. Every answered push is on disk by then.
    pub async fn shutdown(self) {
        self.serving.stop().await;
    }
}

fn lock(directory: &Path) -> Result<File, StandInError> {
    let path = directory.join("lock");
    let file = File::create(&path).map_err(|error| unusable(&path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(unusable(directory, "another registry stand-in is running on it; stop that one first"))
        }
        Err(TryLockError::Error(error)) => Err(unusable(&path, error)),
    }
}

/// The store itself would log a warning, start empty and overwrite the file with the next push.
fn refuse_damaged(metadata: &Path) -> Result<(), StandInError> {
    if !metadata.exists() {
        return Ok(());
    }
    let bytes = std::fs::read(metadata).map_err(|error| unusable(metadata, error))?;
    serde_json::from_slice::<IgnoredAny>(&bytes).map(|_| ()).map_err(|error| {
        unusable(metadata, format!("it is damaged ({error}); restore it, or remove the whole directory"))
    })
}

fn unusable(path: &Path, reason: impl ToString) -> StandInError {
    StandInError::Storage { service: SERVICE, path: path.to_path_buf(), reason: reason.to_string() }
}
