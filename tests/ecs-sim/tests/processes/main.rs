//! Tasks as real processes of images from a real registry, reached through the front port.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod stage;
mod stopping;
mod tasks;
