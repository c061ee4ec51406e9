//! The AWS SDK's clients, made once for the whole process, and whose credentials they use.

mod clients;
mod identity;
mod web_identity;

pub use clients::{Aws, AwsSettings};
pub use identity::StsInspector;
pub use web_identity::WebIdentity;
