//! The wire protocol, seen by the AWS SDK: shapes, errors, paging, lag, faults, events and persistence.
//!
//! Tasks are imaginary here; `processes` runs real ones.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod errors;
mod event_bridge;
mod faults;
mod persistence;
mod reads;
mod support;
mod updates;
