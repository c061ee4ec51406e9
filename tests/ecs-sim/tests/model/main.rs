//! The model alone, under virtual time: no process, no socket, no waiting.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod circuit_breaker;
mod rollouts;
mod virtual_time;
