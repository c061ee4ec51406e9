//! The deployed application, asked over HTTP whether it is ready.

use async_trait::async_trait;

/// What to ask and what a good answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessProbe {
    /// The URL to GET.
    pub url: String,
    /// A JSON pointer (RFC 6901) into the answer and the text that must stand there, if configured.
    pub must_equal: Option<(String, String)>,
}

/// The outcome of one GET. A bad answer is an answer: this is never an error.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReadinessAnswer {
    /// Whether it counts as ready: a 2xx status (redirects are not followed), and the configured field
    /// equal to what is expected.
    pub ready: bool,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// What to show to a person: the body's first 300 characters, or why there was no answer.
    pub detail: String,
}

/// Asks the application.
#[async_trait]
pub trait Application: Send + Sync {
    /// Makes one GET with a bounded time-out; never retries, never fails.
    async fn probe(&self, probe: &ReadinessProbe) -> ReadinessAnswer;
}
