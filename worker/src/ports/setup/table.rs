//! How the table is set up.

use async_trait::async_trait;

use crate::ports::Answer;

/// The table, as DescribeTable shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSetup {
    /// `ACTIVE`, `CREATING`, …
    pub status: String,
    /// Its keys in words, such as `pk (S, HASH), sk (S, RANGE)`.
    pub keys: String,
    /// Whether they are the keys that the store writes.
    pub keys_fit: bool,
    /// Whether it is protected against being deleted.
    pub deletion_protected: bool,
}

/// Looks at the table.
#[async_trait]
pub trait TableInspector: Send + Sync {
    /// The table; `None` when there is none.
    async fn table(&self) -> Answer<Option<TableSetup>>;

    /// Whether it can be put back to a point in time (DescribeContinuousBackups).
    async fn recoverable(&self) -> Answer<bool>;

    /// The attribute by which items expire, if any does (DescribeTimeToLive).
    async fn expiry(&self) -> Answer<Option<String>>;
}
