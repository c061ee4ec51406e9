//! The GitHub adapter on the wire: what it sends, and what it makes of GitHub's answers, the awkward ones above
//! all. The answers are written after GitHub's REST documentation (version 2022-11-28).

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

mod app;
mod double;
mod faults;
mod reads;
mod requests;
mod runs;
mod setup;
mod sim;
mod writes;
