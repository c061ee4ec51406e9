//! The one error type of everything outside this process, and the one place that says which of those
//! errors go away by waiting. Codes, statuses and conditions are tables here, which docs/faults.md is made from;
//! no fault may carry a credential, a token or a signed URL.

pub mod aws;
mod condition;
pub mod http;
mod kind;
pub mod registry;

use std::fmt;
use std::time::Duration;

pub use condition::Condition;
pub use kind::FaultKind;

/// As much of a fault's words as is kept, in characters: a record and a log line hold them.
const LONGEST_MESSAGE: usize = 600;

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
    /// An address that is told what becomes of deployments.
    Webhook,
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
            Self::Webhook => "the webhook",
        })
    }
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
    /// The service's own words, without secrets; [`Fault::new`] keeps the first 600 characters.
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
        let mut message = message.into();
        if let Some((end, _)) = message.char_indices().nth(LONGEST_MESSAGE) {
            // What a service says may quote what it was sent, or be a page of HTML.
            message.truncate(end);
            message.push('…');
        }
        Self { service, operation, kind, message, retry_after: None }
    }

    /// Whether trying the same again later can succeed. Everything else is permanent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// Whether the call may have taken effect although it failed.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.kind.may_have_happened()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_bounded_and_cut_between_characters() {
        let of = |length| Fault::new(Service::Ecs, "X", FaultKind::Refused, "é".repeat(length)).message;
        assert_eq!(of(LONGEST_MESSAGE), "é".repeat(LONGEST_MESSAGE));
        assert_eq!(of(LONGEST_MESSAGE + 1), format!("{}…", "é".repeat(LONGEST_MESSAGE)));
    }

    #[test]
    fn a_fault_is_judged_by_its_kind() {
        for (kind, transient, may_have_happened) in [
            (FaultKind::Throttled, true, false),
            (FaultKind::Connection, true, true),
            (FaultKind::Refused, false, false),
            (FaultKind::Unintelligible, false, true),
        ] {
            let fault = Fault::new(Service::Ecs, "X", kind, "");
            assert_eq!((fault.is_transient(), fault.may_have_happened()), (transient, may_have_happened));
        }
    }
}
