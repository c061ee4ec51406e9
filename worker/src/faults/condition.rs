//! The ways in which a call fails that no error code and no status tells: it never left, it broke, or its
//! answer makes no sense. Must stay a plain table; the adapters say which row it is.

use super::FaultKind;

/// How a call failed without a refusal of the service itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// No answer within the time of a call.
    NoAnswerInTime,
    /// The connection could not be made, or broke before there was an answer.
    ConnectionBroke,
    /// The answer began and did not come to its end.
    AnswerBrokeOff,
    /// The client library would not send the request as it is: a bad argument, no region.
    NothingSent,
    /// The request cannot be made, or leads from redirect to redirect.
    NoSuchRequest,
    /// A success that does not have the shape that the service documents.
    UnreadableSuccess,
    /// A list that goes on after more pages than it can have.
    EndlessList,
    /// There are no AWS credentials.
    NoCredentials,
    /// The AWS credentials are configured wrongly.
    CredentialsMisconfigured,
    /// The source of the AWS credentials did not answer in time.
    CredentialsTimedOut,
    /// The source of the AWS credentials (STS, the metadata service, a process) failed.
    CredentialsFailed,
    /// The GitHub App's private key cannot sign.
    KeyCannotSign,
    /// The GitHub App is not installed on the repository: its 404 is no answer to what was asked.
    AppNotInstalled,
    /// The registry's token service refuses, in JSON as it should.
    LoginRefused,
    /// The registry's token service speaks of a limit.
    LoginLimited,
    /// What stands before the registry's token service answers in its place, not in JSON.
    LoginOutOfOrder,
}

impl Condition {
    /// Every one of them.
    pub const ALL: [Self; 16] = [
        Self::NoAnswerInTime,
        Self::ConnectionBroke,
        Self::AnswerBrokeOff,
        Self::NothingSent,
        Self::NoSuchRequest,
        Self::UnreadableSuccess,
        Self::EndlessList,
        Self::NoCredentials,
        Self::CredentialsMisconfigured,
        Self::CredentialsTimedOut,
        Self::CredentialsFailed,
        Self::KeyCannotSign,
        Self::AppNotInstalled,
        Self::LoginRefused,
        Self::LoginLimited,
        Self::LoginOutOfOrder,
    ];

    /// What kind of fault it is.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        match self {
            Self::NoAnswerInTime | Self::CredentialsTimedOut => FaultKind::TimedOut,
            Self::ConnectionBroke | Self::AnswerBrokeOff => FaultKind::Connection,
            Self::NothingSent | Self::NoSuchRequest => FaultKind::Refused,
            Self::UnreadableSuccess | Self::EndlessList => FaultKind::Unintelligible,
            // STS, the metadata service or a proxy failed: that passes.
            Self::CredentialsFailed | Self::LoginOutOfOrder => FaultKind::Unavailable,
            Self::LoginLimited => FaultKind::Throttled,
            Self::NoCredentials
            | Self::CredentialsMisconfigured
            | Self::KeyCannotSign
            | Self::AppNotInstalled
            | Self::LoginRefused => FaultKind::Denied,
        }
    }
}
