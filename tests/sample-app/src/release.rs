//! `release.json`: what one release of the application is and how it behaves.
//!
//! The source tree holds a [`ReleaseSpec`]; the build adds version and commit and puts the resulting
//! [`ReleaseFile`] beside the program. It must never be read from anywhere else: what runs is decided by the
//! image alone.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// The file's name, in the source tree and beside the program.
pub const FILE_NAME: &str = "release.json";

/// How a release behaves once started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Migrates, then answers.
    #[default]
    Ok,
    /// Says why on standard error and exits with code 1, before it listens.
    CrashAtStart,
    /// Migrates and answers, then exits with code 1 after `slow_start_ms`, before it was ever ready.
    CrashAfterStart,
    /// Migrates and answers, but its readiness check never succeeds.
    NeverReady,
    /// Becomes ready only after `slow_start_ms`.
    SlowStart,
}

/// One change of the database's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Unique among all migrations ever released; recorded in the database when applied.
    pub id: String,
    /// One or more SQL statements, applied all or none.
    pub sql: String,
}

/// What a commit's source tree says about the release built from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReleaseSpec {
    /// How it behaves.
    pub behaviour: Behaviour,
    /// How long a slow start takes, or a late crash takes to come, in milliseconds; used with
    /// [`Behaviour::SlowStart`] and [`Behaviour::CrashAfterStart`] only.
    pub slow_start_ms: u64,
    /// All migrations up to this release, oldest first.
    pub migrations: Vec<Migration>,
    /// Statements run once per database, after the migrations of the first release that sees it.
    pub seed: Vec<String>,
}

/// A release as built: the file beside the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// The version, as in the source tree's manifest.
    pub version: String,
    /// The full commit hash it was built from.
    pub commit: String,
    /// As [`ReleaseSpec::behaviour`].
    #[serde(default)]
    pub behaviour: Behaviour,
    /// As [`ReleaseSpec::slow_start_ms`].
    #[serde(default)]
    pub slow_start_ms: u64,
    /// As [`ReleaseSpec::migrations`].
    #[serde(default)]
    pub migrations: Vec<Migration>,
    /// As [`ReleaseSpec::seed`].
    #[serde(default)]
    pub seed: Vec<String>,
}

/// Why the release file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no such file, or it cannot be read.
    #[error("reading {path} failed; the build puts it beside the program")]
    File {
        /// The file.
        path: String,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// It is not a release file.
    #[error("{path} is not a release file")]
    Content {
        /// The file.
        path: String,
        /// The parser's complaint.
        #[source]
        source: serde_json::Error,
    },
}

impl ReleaseSpec {
    /// The release that a build of `commit` with `version` makes of this.
    #[must_use]
    pub fn release(self, version: impl Into<String>, commit: impl Into<String>) -> ReleaseFile {
        let Self { behaviour, slow_start_ms, migrations, seed } = self;
        ReleaseFile {
            version: version.into(),
            commit: commit.into(),
            behaviour,
            slow_start_ms,
            migrations,
            seed,
        }
    }
}

impl ReleaseFile {
    /// Reads [`FILE_NAME`] in `folder`.
    ///
    /// # Errors
    /// [`ReadError`] names the file and what is wrong with it.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let path = folder.join(FILE_NAME);
        let shown = path.display().to_string();
        let bytes = std::fs::read(&path).map_err(|source| ReadError::File { path: shown.clone(), source })?;
        serde_json::from_slice(&bytes).map_err(|source| ReadError::Content { path: shown, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_may_say_nothing_and_a_build_adds_the_rest() {
        let spec: ReleaseSpec = serde_json::from_str("{}").unwrap();
        let file = spec.release("1.2.3", "abc");
        assert_eq!(file.behaviour, Behaviour::Ok);
        let text = serde_json::to_string(&file).unwrap();
        assert_eq!(serde_json::from_str::<ReleaseFile>(&text).unwrap(), file);
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let error = serde_json::from_str::<ReleaseSpec>(r#"{"behavior":"ok"}"#).unwrap_err();
        assert!(error.to_string().contains("behavior"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = ReleaseFile::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains(FILE_NAME), "{error}");
    }
}
