//! AWS's rules as a suite, and what it runs them against: DynamoDB Local and ministack as programs of their own,
//! cut off from every network but a loopback that is theirs. The chaos suite stands on the same programs. Must
//! never turn what one stand-in happens to do into a rule, and never skip where a tool is missing.

#![expect(clippy::unwrap_used, reason = "it is for tests only: a panic is the report")]

mod clients;
mod dynamodb_local;
mod isolation;
mod ministack;
mod program;
mod proof;
mod rules;
mod tools;

pub use clients::sdk_config;
pub use dynamodb_local::DynamoDbLocal;
pub use isolation::isolated;
pub use ministack::Ministack;
pub use proof::proof;
pub use rules::{Broken, Deviation, Rule, Verdict, judge};
