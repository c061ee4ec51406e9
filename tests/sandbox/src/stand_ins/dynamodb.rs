//! DynamoDB: dynoxide (SQLite underneath), on a file that outlives the process or in memory.
//! Must not know the worker's table: whoever needs one creates it through the SDK, as in AWS.
//!
//! Any access key and any region see the same tables; signatures are asked for but not verified.
//! A `ClientRequestToken` is remembered in memory only: after a restart a repeated transaction with the same
//! token runs again, where AWS would recognise it for ten minutes.

use std::net::SocketAddr;
use std::path::Path;

use dynoxide::Database;

use super::error::StandInError;
use super::serving::{Bound, Serving};

const SERVICE: &str = "DynamoDB stand-in";

/// A running DynamoDB stand-in. Dropping it stops it without waiting.
pub struct DynamoDb {
    serving: Serving,
}

impl DynamoDb {
    /// Serves on `address` (port 0: any free one) what `file` holds; the file and its directory are created
    /// if absent. Without a file the tables live in memory. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// [`StandInError`]: the address cannot be used, or the file cannot be opened as a database.
    pub fn start(address: SocketAddr, file: Option<&Path>) -> Result<Self, StandInError> {
        let bound = Bound::on(SERVICE, address)?;
        let database = match file {
            Some(file) => open(file)?,
            None => Database::memory().map_err(|error| unusable(Path::new("memory"), error))?,
        };
        let serving = bound
            .serve(|listener, stopped| dynoxide::server::serve_with_shutdown(listener, database, stopped));
        Ok(Self { serving })
    }

    /// The endpoint URL to give to an SDK or to `aws --endpoint-url`.
    pub fn endpoint(&self) -> String {
        self.serving.endpoint()
    }

    /// The address served, its port never 0.
    pub fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Stops serving once running requests are answered. Every answered write is in the file by then.
    pub async fn shutdown(self) {
        self.serving.stop().await;
    }
}

fn open(file: &Path) -> Result<Database, StandInError> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory).map_err(|error| unusable(directory, error))?;
    }
    let name = file.to_str().ok_or_else(|| unusable(file, "SQLite needs a path that is UTF-8"))?;
    Database::new(name).map_err(|error| {
        unusable(file, format!("{error}; it must be a file written by this stand-in, or not exist yet"))
    })
}

fn unusable(path: &Path, reason: impl ToString) -> StandInError {
    StandInError::Storage { service: SERVICE, path: path.to_path_buf(), reason: reason.to_string() }
}
