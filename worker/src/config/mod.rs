//! Configuration: one `lockstep.toml`, environment variables over it. Every name of the deployed
//! application is here and nowhere in the code. Secrets never stand in the file: only the names of the
//! environment variables that hold them do.

mod check;
pub mod freeze;
mod notifications;
mod overlay;
mod reference;
mod requests;
mod types;
mod unknown;

use std::path::{Path, PathBuf};

pub use freeze::{FreezeWindow, Frozen};
pub use notifications::{NotificationsConfig, Occasion, WebhookConfig, WebhookFormat};
pub use reference::reference;
pub use requests::RequestsConfig;
pub use types::{
    ApplicationConfig, AwsConfig, Config, DatabaseConfig, DeadlinesConfig, EnvironmentConfig, GitHubConfig,
    Kind, QueueConfig, ReadinessConfig, RegistryConfig, RetryConfig, WorkerConfig,
};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {problem}; give its path with --config or LOCKSTEP_CONFIG")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        problem: String,
    },
    /// Not TOML.
    #[error("{path} is not valid TOML: {problem}")]
    NotToml {
        /// Which file.
        path: PathBuf,
        /// What is wrong and where.
        problem: String,
    },
    /// A key that does not exist.
    #[error("unknown key `{key}`{}", nearest.as_ref().map(|n| format!(": did you mean `{n}`?")).unwrap_or_default())]
    UnknownKey {
        /// The key with its path.
        key: String,
        /// The known key most like it.
        nearest: Option<String>,
    },
    /// A value of the wrong type or out of its range, or one that is missing.
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
}

impl Config {
    /// Reads the file and lays the environment variables `LOCKSTEP__SECTION__KEY` over it.
    ///
    /// # Errors
    /// [`ConfigError`] names the file or the key.
    pub fn load(path: &Path, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| ConfigError::Unreadable { path: path.to_owned(), problem: e.to_string() })?;
        Self::parse(&text, path, variables)
    }

    /// As [`Config::load`], from a text that is at hand.
    ///
    /// # Errors
    /// [`ConfigError`] names the key.
    pub fn parse(
        text: &str,
        path: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let not_toml =
            |e: toml::de::Error| ConfigError::NotToml { path: path.to_owned(), problem: e.to_string() };
        let mut table: toml::Table = toml::from_str(text).map_err(not_toml)?;
        overlay::apply(&mut table, variables)?;
        unknown::refuse(&table)?;
        let config: Self = toml::Value::Table(table)
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::Invalid(in_one_line(&e)))?;
        config.check()?;
        Ok(config)
    }
}

/// What is wrong, and under which key.
fn in_one_line(error: &toml::de::Error) -> String {
    error.to_string().trim_end().replace('\n', ", ")
}
