//! The queue on Amazon SQS (standard queues). Using it and creating it are a file each.

mod create;
mod queue;

pub use create::{QueueUrls, create_queues};
pub use queue::SqsQueue;
