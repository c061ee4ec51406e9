//! The log of mutating calls: what a client changed, in order.
//!
//! Append-only and part of the state file, so that a test can count effects across restarts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::route_kind::RouteKind;

/// One mutating call that reached the simulator with valid credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedCall {
    /// Position, from 1.
    pub sequence: u64,
    /// When it was answered.
    pub at: Timestamp,
    /// The HTTP method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Which call it was.
    pub kind: RouteKind,
    /// The status of the effect, also when the client was then given another answer.
    pub status: u16,
    /// Whether the client saw that answer (`false`: it was lost on the way).
    pub answered: bool,
    /// What was made or changed: an id, a tag or a reference; empty for refused calls.
    pub subject: String,
}
