//! The page over an embedded table with deployments in it, each driven through the real state machine: one of every kind
//! that somebody on call meets. Must never write a state that the machine does not reach.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a stand-in for tests: a panic is the report"
)]

mod answers;
mod clock;
mod seeds;
mod stage;
mod story;

pub use seeds::Seeds;
pub use stage::Stage;
