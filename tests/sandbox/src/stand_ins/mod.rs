//! The services that the sandbox stands in for: DynamoDB, SQS and an OCI registry, each embedded in this
//! process and served on 127.0.0.1 over real HTTP, so that the AWS SDK, the AWS CLI and oci-client run
//! unchanged against them. Wires the parts up; must hold no behaviour of its own.

mod dynamodb;
mod error;
mod registry;
mod serving;
mod sqs;

pub use dynamodb::DynamoDb;
pub use error::StandInError;
pub use registry::{Behaviour, Registry, RegistryAuth, TagRule};
pub use sqs::Sqs;
