//! GitHub's refusals: the status and the body that a client sees, by the words that GitHub uses.
//!
//! A refusal must mean that nothing was changed.

use serde_json::{Value, json};

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// GitHub's message.
    pub message: String,
    /// The `errors` of a validation failure; empty otherwise.
    pub errors: Vec<Value>,
}

impl Refusal {
    /// A refusal with this status and message.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new() }
    }

    /// 404: GitHub does not say what was not found.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// 422 for a name that leads to no commit.
    pub(crate) fn no_commit(reference: &str) -> Self {
        Self::new(422, format!("No commit found for SHA: {reference}"))
    }

    /// 422 "Validation Failed" about one field, with GitHub's code (`missing`, `invalid`, `already_exists`).
    pub(crate) fn field(resource: &str, code: &str, field: &str) -> Self {
        Self::validation(json!({ "resource": resource, "code": code, "field": field }))
    }

    /// 422 "Validation Failed" for a rule that concerns no single field.
    pub(crate) fn custom(resource: &str, message: &str) -> Self {
        Self::validation(json!({ "resource": resource, "code": "custom", "message": message }))
    }

    fn validation(error: Value) -> Self {
        Self { status: 422, message: "Validation Failed".to_owned(), errors: vec![error] }
    }
}
