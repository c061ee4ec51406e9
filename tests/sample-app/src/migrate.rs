//! Bringing a database up to a release: missing migrations in order, then the seed, each recorded with what
//! it did in one transaction.
//!
//! Several tasks may start at once on one database: nothing may be applied twice, and a migration that
//! another task applied meanwhile is not a failure.

use std::collections::BTreeSet;

use crate::client::{Database, DatabaseError};
use crate::release::ReleaseFile;

/// The record of the seed among those of the migrations; no migration may use this id.
const SEED: &str = "seed";

/// Why the database could not be brought up to the release.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// One step failed and left the database as it was before that step.
    #[error("{step} failed: {reason}")]
    Step {
        /// `migration <id>` or `seed`.
        step: String,
        /// The database's message.
        reason: String,
    },
    /// The database could not be reached or used.
    #[error("preparing the database failed: {0}")]
    Database(String),
}

impl From<DatabaseError> for MigrateError {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error.to_string())
    }
}

/// Applies what is missing.
pub(crate) async fn migrate(database: &Database, release: &ReleaseFile) -> Result<(), MigrateError> {
    database
        .execute(
            "CREATE TABLE IF NOT EXISTS applied_migrations (id TEXT PRIMARY KEY, version TEXT NOT NULL);
             CREATE TABLE IF NOT EXISTS marker_notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
            &[],
        )
        .await?;
    for migration in &release.migrations {
        let step = format!("migration {}", migration.id);
        if migration.id == SEED {
            return Err(MigrateError::Step { step, reason: format!("`{SEED}` is reserved") });
        }
        apply(database, release, &step, &migration.id, &migration.sql).await?;
    }
    if release.seed.is_empty() {
        return Ok(());
    }
    apply(database, release, SEED, SEED, &release.seed.join(";\n")).await
}

async fn apply(
    database: &Database,
    release: &ReleaseFile,
    step: &str,
    id: &str,
    sql: &str,
) -> Result<(), MigrateError> {
    if applied(database).await?.contains(id) {
        return Ok(());
    }
    let record = format!(
        "INSERT INTO applied_migrations (id, version) VALUES ({}, {})",
        literal(id),
        literal(&release.version)
    );
    // The record first: a task that comes second fails on it before it changes anything.
    match database.execute(&format!("{record};\n{sql}"), &[]).await {
        Ok(_) => {
            tracing::info!(step, "applied");
            Ok(())
        }
        // Refused because another task was faster, or executed although its answer was lost.
        Err(_) if applied(database).await?.contains(id) => Ok(()),
        Err(DatabaseError::Refused(reason)) => Err(MigrateError::Step { step: step.to_owned(), reason }),
        Err(error @ DatabaseError::Unreachable { .. }) => Err(error.into()),
    }
}

async fn applied(database: &Database) -> Result<BTreeSet<String>, DatabaseError> {
    let answer = database.execute("SELECT id FROM applied_migrations", &[]).await?;
    Ok(answer.rows.iter().filter_map(|row| row.first()?.as_str()).map(str::to_owned).collect())
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
