//! Request bodies: JSON, whatever the content type says, with GitHub's two ways of refusing it.
//!
//! Unknown fields must be accepted: GitHub ignores them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::model::refusal::Refusal;

/// A body read as `T`; an empty one counts as an empty object.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| Refusal::new(400, error.to_string()))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| match error.classify() {
            Category::Data => Refusal::new(422, format!("Invalid request.\n\n{error}")),
            Category::Syntax | Category::Eof | Category::Io => Refusal::new(400, "Problems parsing JSON"),
        })
    }
}
