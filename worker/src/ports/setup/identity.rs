//! Whose AWS credentials these are, and whether a role can be had for the identity of a workflow run.

use async_trait::async_trait;

use crate::faults::FaultKind;

/// Who AWS says is calling (STS GetCallerIdentity).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account's number.
    pub account: String,
    /// The user's or the role session's ARN.
    pub arn: String,
}

/// STS refused or did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("STS: {operation} failed: {message}")]
pub struct IdentityFault {
    /// Which of STS's operations.
    pub operation: &'static str,
    /// What kind of fault.
    pub kind: FaultKind,
    /// STS's own words, without secrets.
    pub message: String,
}

/// A role asked for with the OIDC token that is at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTrial {
    /// The role's ARN.
    pub role: String,
    /// The token's own claims that a trust policy compares, in words; the token is not verified here.
    pub claims: String,
    /// What STS answered. The session that it gave is dropped unused.
    pub outcome: Result<(), IdentityFault>,
}

/// Looks at identities.
#[async_trait]
pub trait IdentityInspector: Send + Sync {
    /// Whose credentials these are. Needs no permission.
    ///
    /// # Errors
    /// There are no credentials, STS does not accept them, or it did not answer.
    async fn caller(&self) -> Result<Caller, IdentityFault>;

    /// Asks for the role that the environment names, with the OIDC token that it offers; `None` when it offers
    /// none: then there is nothing to try.
    async fn try_role(&self) -> Option<RoleTrial>;
}
