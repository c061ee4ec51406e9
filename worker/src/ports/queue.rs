//! The queue: at-least-once, unordered. It wakes the worker and proves nothing.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Answer;

/// One delivery of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The queue's id of the message.
    pub message_id: String,
    /// The message's body.
    pub body: String,
    /// Needed to extend or delete this delivery; the latest one counts.
    pub receipt: String,
    /// Who sent it, as the queue vouches for it (SQS: SenderId): for a role `<role id>:<session name>`, for a user
    /// the user's id. Whoever assumes a role chooses the session's name, so only the id says anything.
    pub sender: Option<String>,
    /// When it was sent, by the queue's clock.
    pub sent_at: Option<Timestamp>,
    /// Set on a message that an operator sent again ([`DeadLetters::send_again`]): who sent it first. Said by `sender`, and
    /// vouched for by nobody else.
    pub origin: Option<Origin>,
}

/// Who sent a message, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// As the queue named the sender; `None` when that cannot be told.
    pub sender: Option<String>,
    /// By the queue's clock; `None` when that cannot be told.
    pub sent_at: Option<Timestamp>,
}

/// Sends and receives. A message that is neither deleted nor extended comes back after its visibility
/// time-out, and moves to the dead-letter queue after the queue's maxReceiveCount.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Waits up to 20 seconds for up to `max` (1 to 10) messages; none is an empty list.
    async fn receive(&self, max: u32, wait: Duration) -> Answer<Vec<Delivery>>;

    /// Sends a message that becomes visible after `delay` (0 to 900 seconds; longer is cut to 900, the
    /// receiver looks at the deployment and sends on).
    async fn send(&self, body: &str, delay: Duration) -> Answer<()>;

    /// Keeps a delivery invisible to others for this long from now.
    async fn extend(&self, receipt: &str, visibility: Duration) -> Answer<()>;

    /// Deletes a delivered message. Deleting again is no error; SQS may still deliver it once more.
    async fn delete(&self, receipt: &str) -> Answer<()>;

    /// Puts a message that can never be understood into the dead-letter queue, with the reason as message
    /// attribute `reason`, the original message id as `original-message-id`, and its sender and time as the queue vouched
    /// for them as `original-sender` and `original-sent-at`; what it says of its origin stays with it. The caller deletes
    /// the original afterwards, so that a crash in between leaves two copies and never none.
    async fn park(&self, delivery: &Delivery, reason: &str) -> Answer<()>;
}

/// One delivery of a message from the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message. Its id is the dead-letter queue's: one that a worker parked has a new one there, and was sent when
    /// (and by whom) it was parked.
    pub delivery: Delivery,
    /// Why a worker parked it; `None` when the queue itself gave it up after its maxReceiveCount.
    pub reason: Option<String>,
    /// The id that it had in the queue, if a worker parked it.
    pub original_id: Option<String>,
    /// Who had sent it when it was parked, as its attributes say; `None` when the queue itself gave it up. Whoever may send
    /// can write attributes: this is worth what `delivery.sender`, who parked it, is.
    pub parked_from: Option<Origin>,
    /// How often it was received, by the queue's approximate count, this delivery included.
    pub received: Option<u32>,
}

/// The dead-letter queue, as an operator needs it; a worker only ever parks messages there ([`Queue::park`]).
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Up to ten messages, hidden from others for `hidden`; none is an empty list.
    async fn take(&self, hidden: Duration) -> Answer<Vec<DeadLetter>>;

    /// Sends a message to the queue that it came from, visible at once, with who sent it first (message attributes
    /// `first-sender` and `first-sent-at`). The caller deletes the dead letter afterwards.
    async fn send_again(&self, body: &str, origin: &Origin) -> Answer<()>;

    /// Makes a taken message visible again at once.
    async fn give_back(&self, receipt: &str) -> Answer<()>;

    /// Deletes a taken message. Deleting again is no error.
    async fn delete(&self, receipt: &str) -> Answer<()>;
}
