//! The database's protocol: what is sent to `POST /sql` and what comes back.
//!
//! It must never carry anything that JSON cannot: columns of raw bytes are refused by the server.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A request. All its statements are one transaction, as in PostgreSQL's simple query protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqlRequest {
    /// One or more statements; exactly one if there are parameters.
    pub sql: String,
    /// Values for `?1`, `?2`, …: null, booleans, numbers or strings.
    #[serde(default)]
    pub params: Vec<Value>,
}

/// What the last statement that yields rows yielded, and how much was changed in all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SqlAnswer {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows, each with one value per column.
    pub rows: Vec<Vec<Value>>,
    /// Rows inserted, updated or deleted.
    pub changes: u64,
}

/// The body of an answer with status 400: nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SqlFailure {
    /// The database's message.
    pub error: String,
}
