//! The one error type of everything outside this process, and the one place that says which of those
//! errors go away by waiting. Adapters map their SDK's errors to a [`FaultKind`] here and nowhere else; no
//! fault may carry a credential, a token or a signed URL.

pub mod aws;
pub mod http;

use std::fmt;
use std::time::Duration;

/// A service that Lockstep talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Amazon DynamoDB: the table.
    DynamoDb,
    /// Amazon SQS: the queue.
    Sqs,
    /// Amazon ECS: clusters, services, tasks.
    Ecs,
    /// GitHub: source, checks, builds, releases.
    GitHub,
    /// The OCI registry that holds the images.
    Registry,
    /// The deployed application itself, asked whether it is ready.
    Application,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DynamoDb => "DynamoDB",
            Self::Sqs => "SQS",
            Self::Ecs => "ECS",
            Self::GitHub => "GitHub",
            Self::Registry => "the image registry",
            Self::Application => "the application",
        })
    }
}

/// What kind of fault a call met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Too many requests (HTTP 429, AWS throttling, GitHub's primary and secondary limits).
    Throttled,
    /// The service failed (HTTP 5xx, `InternalServerError`).
    Unavailable,
    /// No answer in time: it may or may not have taken effect.
    TimedOut,
    /// The connection could not be made or broke: it may or may not have taken effect.
    Connection,
    /// Somebody else wrote at the same moment (DynamoDB `TransactionConflict`).
    Contended,
    /// Credentials absent, wrong or without permission (HTTP 401 and 403).
    Denied,
    /// The service refuses this request as it is (HTTP 400, 409 and 422, validation).
    Refused,
    /// Something that must exist does not (HTTP 404).
    NotFound,
    /// An answer that does not fit the service's documented shape.
    Unintelligible,
}

/// A call to a service that did not give a usable answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}: {operation} failed: {message}")]
pub struct Fault {
    /// Which service.
    pub service: Service,
    /// Which of its operations, in the service's own term, such as `UpdateService`.
    pub operation: &'static str,
    /// What kind of fault.
    pub kind: FaultKind,
    /// The service's own words, without secrets, at most a few hundred characters.
    pub message: String,
    /// How long the service asked us to wait (`Retry-After`, a limit's reset), if it did.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A fault without a requested wait.
    #[must_use]
    pub fn new(
        service: Service,
        operation: &'static str,
        kind: FaultKind,
        message: impl Into<String>,
    ) -> Self {
        Self { service, operation, kind, message: message.into(), retry_after: None }
    }

    /// Whether trying the same again later can succeed. Everything else is permanent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind {
            FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::TimedOut
            | FaultKind::Connection
            | FaultKind::Contended => true,
            FaultKind::Denied | FaultKind::Refused | FaultKind::NotFound | FaultKind::Unintelligible => false,
        }
    }

    /// Whether the call may have taken effect although it failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        matches!(self.kind, FaultKind::Unavailable | FaultKind::TimedOut | FaultKind::Connection)
    }
}
