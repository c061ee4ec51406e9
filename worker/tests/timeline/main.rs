//! The timeline, on histories that the real state machine makes: what was done, what is waited for, how it ended.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report, in its helpers too"
)]

mod drawing;
mod gathering;
mod story;
