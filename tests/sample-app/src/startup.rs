//! From the process's start to its being ready: the misbehaviour asked for, the database, the migrations.
//!
//! It must never report ready before every migration of the release is applied.

use std::time::Duration;

use crate::client::Database;
use crate::migrate::{self, MigrateError};
use crate::release::{Behaviour, ReleaseFile};

/// Why the application did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The release asks for it.
    #[error("release {version} crashes at its start, as `behaviour` in its release.json asks")]
    MadeToCrash {
        /// The release's version.
        version: String,
    },
    /// The database never answered.
    #[error("giving up after {patience:?}: {reason}")]
    NoDatabase {
        /// How long was waited.
        patience: Duration,
        /// The last failure.
        reason: String,
    },
    /// The release has migrations but no database to apply them to.
    #[error(
        "release {version} has migrations or a seed, but DATABASE_URL is not set: set it to the database's URL"
    )]
    DatabaseNotNamed {
        /// The release's version.
        version: String,
    },
    /// The database could not be brought up to the release.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A socket or signal handler could not be had.
    #[error("serving failed")]
    Serve(#[from] std::io::Error),
}

/// Refuses a release that is made to crash; to be asked before anything else happens.
pub(crate) fn may_start(release: &ReleaseFile) -> Result<(), StartError> {
    match release.behaviour {
        Behaviour::CrashAtStart => Err(StartError::MadeToCrash { version: release.version.clone() }),
        Behaviour::Ok | Behaviour::NeverReady | Behaviour::SlowStart | Behaviour::CrashAfterStart => Ok(()),
    }
}

/// Does what has to be done before the application is ready.
pub(crate) async fn prepare(
    release: &ReleaseFile,
    database: Option<&Database>,
    patience: Duration,
) -> Result<(), StartError> {
    match database {
        Some(database) => {
            database
                .wait(patience)
                .await
                .map_err(|error| StartError::NoDatabase { patience, reason: error.to_string() })?;
            migrate::migrate(database, release).await?;
        }
        None if release.migrations.is_empty() && release.seed.is_empty() => {}
        None => return Err(StartError::DatabaseNotNamed { version: release.version.clone() }),
    }
    if matches!(release.behaviour, Behaviour::SlowStart | Behaviour::CrashAfterStart) {
        tokio::time::sleep(Duration::from_millis(release.slow_start_ms)).await;
    }
    if release.behaviour == Behaviour::CrashAfterStart {
        return Err(StartError::MadeToCrash { version: release.version.clone() });
    }
    Ok(())
}
