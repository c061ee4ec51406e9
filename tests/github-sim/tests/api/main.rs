//! The API as clients see it: over HTTP, through octocrab where it has a typed call, one module per family.
//!
//! One test program for all of them: it is linked once. Everything listens on 127.0.0.1.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod builds;
mod checks;
mod deployments;
mod faults;
mod releases;
mod source;
mod support;
