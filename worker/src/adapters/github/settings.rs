//! What the GitHub adapter is told at start. Must never be printable with a secret in it: every secret is a
//! `SecretString`, also in these settings.

use std::time::Duration;

use secrecy::SecretString;

/// One repository, and how to speak for it.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// The REST API's base, such as `https://api.github.com` (no trailing slash needed).
    pub api_url: String,
    /// The repository's owner.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// Who speaks.
    pub auth: GitHubAuth,
    /// How long one call may take, connecting and logging in included.
    pub call_timeout: Duration,
}

/// Who speaks to GitHub.
#[derive(Debug, Clone)]
pub enum GitHubAuth {
    /// Whoever owns this token: a fine-grained or classic personal token, or a workflow's `GITHUB_TOKEN`.
    Token(SecretString),
    /// The GitHub App's installation on the repository, found by asking GitHub; its tokens are limited to this
    /// repository and renewed as they expire.
    App {
        /// The App's id.
        id: u64,
        /// Its RSA private key, PEM.
        private_key: SecretString,
    },
}

/// Why no client can be made of the settings. Never quotes a secret.
#[derive(Debug, thiserror::Error)]
pub enum GitHubSetupError {
    /// The base of the API is no absolute URL.
    #[error(
        "{url:?} is not a usable GitHub API URL: expected http(s)://host, such as https://api.github.com"
    )]
    ApiUrl {
        /// What was configured.
        url: String,
    },
    /// The token cannot stand in an HTTP header.
    #[error("the GitHub token holds characters that no HTTP header may hold; look for a stray line break")]
    Token,
    /// The App's key cannot be read.
    #[error(
        "the GitHub App's private key cannot be read: expected an RSA key in PEM form, as GitHub issues it"
    )]
    PrivateKey,
    /// The HTTP client could not be made.
    #[error("the HTTP client for GitHub could not be made: {0}")]
    Client(String),
}
