//! The AWS SDK's clients, made once for the whole process.

mod clients;

pub use clients::{Aws, AwsSettings};
