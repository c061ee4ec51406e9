//! Whether an image repository can be written to.

use async_trait::async_trait;

use crate::ports::Answer;

/// What became of an upload that was opened to see whether it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadTrial {
    /// Opened and cancelled: nothing is left of it.
    Cancelled,
    /// Opened, but the registry did not let it be cancelled: it holds no byte and lapses by itself. With why.
    LeftToLapse(String),
}

/// Looks at an image repository.
#[async_trait]
pub trait RegistryInspector: Send + Sync {
    /// Asks for an upload as a push begins with one, and cancels it. Nothing is uploaded.
    async fn try_upload(&self) -> Answer<UploadTrial>;
}
