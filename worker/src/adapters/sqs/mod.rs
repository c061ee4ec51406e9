//! The queue and its dead-letter queue on Amazon SQS (standard queues). Using each and creating them are a file
//! each.

mod attributes;
mod create;
mod dead_letters;
mod queue;
mod setup;

pub use create::{QueueUrls, create_queues};
pub use dead_letters::SqsDeadLetters;
pub use queue::SqsQueue;
pub use setup::SqsInspector;
