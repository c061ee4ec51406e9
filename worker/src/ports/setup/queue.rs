//! How a queue is set up.

use async_trait::async_trait;

use crate::ports::Answer;

/// A queue's attributes, as far as Lockstep depends on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueSetup {
    /// Its ARN.
    pub arn: String,
    /// How long a received message stays hidden, in seconds.
    pub visibility_seconds: u32,
    /// How long a message is kept, in seconds.
    pub retention_seconds: u32,
    /// Whether it is a FIFO queue.
    pub fifo: bool,
    /// Whether messages are encrypted at rest, by SQS's own key or by one of KMS.
    pub encrypted: bool,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
    /// Its access policy, JSON.
    pub policy: Option<String>,
}

/// A queue's redrive policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue's ARN.
    pub target_arn: String,
    /// How often a message may be received before it goes there.
    pub max_receive_count: u32,
}

/// Looks at queues.
#[async_trait]
pub trait QueueInspector: Send + Sync {
    /// A queue's set-up; `None` when there is no such queue.
    async fn queue(&self, url: &str) -> Answer<Option<QueueSetup>>;
}
