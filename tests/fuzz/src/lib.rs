//! What the fuzz targets share: inputs made of checked-in documents, a stand-in for each side that answers,
//! the rules that hold for every target, and the count of what was executed. The targets themselves are in
//! `tests/targets`. Must never contain a rule of the product: a target compares with what is documented.
//!
//! Each target is a plain test: every document of its corpus as it is, then random edits of them, for a few
//! seconds. The same targets run under libFuzzer and AFL by `cargo bolero test`, which choose the edits by
//! the code that they reach. Environment variables:
//! - `LOCKSTEP_FUZZ_SECONDS`: how long each target makes random inputs as a plain test (4 if unset);
//! - `BOLERO_RANDOM_SEED`: repeats one input; a failing target prints it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod answer;
mod connector;
mod corpus;
mod dice;
mod json;
mod proof;
mod rules;
mod server;
mod target;
mod text;

pub use answer::Answer;
pub use connector::{Connector, dynamodb, ecs, sqs};
pub use dice::Dice;
pub use rules::{
    LONGEST_ERROR, SECRET, check_aws_fault, check_discreet, check_error, check_fault, check_secret,
};
pub use server::{Request, Server};
pub use target::{Input, Target};
pub use text::Text;
