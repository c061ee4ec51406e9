//! What kinds of fault there are, and the one place that says which of them waiting can cure.

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

impl FaultKind {
    /// Every kind, those that pass first.
    pub const ALL: [Self; 9] = [
        Self::Throttled,
        Self::Unavailable,
        Self::TimedOut,
        Self::Connection,
        Self::Contended,
        Self::Denied,
        Self::Refused,
        Self::NotFound,
        Self::Unintelligible,
    ];

    /// Whether trying the same again later can succeed. Everything else is permanent.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::TimedOut | Self::Connection | Self::Contended => true,
            Self::Denied | Self::Refused | Self::NotFound | Self::Unintelligible => false,
        }
    }

    /// Whether the call may have taken effect although it failed. An answer that cannot be understood is one:
    /// the service has done something, and what it says of it is lost.
    #[must_use]
    pub const fn may_have_happened(self) -> bool {
        matches!(self, Self::Unavailable | Self::TimedOut | Self::Connection | Self::Unintelligible)
    }
}
