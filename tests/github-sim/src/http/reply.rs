//! Answers: JSON with a status, paging links and the subject for the log; refusals in GitHub's shape.
//!
//! An error must always carry `message` and `documentation_url`: clients read both.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::model::refusal::Refusal;

/// What every handler returns.
pub(super) type Answer = Result<Reply, Refusal>;

/// A good answer.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    body: Option<Value>,
    link: Option<String>,
    subject: Subject,
}

/// What a mutating call made or changed, passed to the gate for the log.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject(pub(super) String);

impl Reply {
    /// 200 with this body.
    pub(super) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, Some(body))
    }

    /// 201 with this body.
    pub(super) fn created(body: Value) -> Self {
        Self::new(StatusCode::CREATED, Some(body))
    }

    /// 202 with an empty object, as GitHub answers what it does later.
    pub(super) fn accepted() -> Self {
        Self::new(StatusCode::ACCEPTED, Some(json!({})))
    }

    /// 204.
    pub(super) fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }

    /// With the `Link` header of a page.
    pub(super) fn linked(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    /// With what the log is to name.
    pub(super) fn about(mut self, subject: impl ToString) -> Self {
        self.subject = Subject(subject.to_string());
        self
    }

    fn new(status: StatusCode, body: Option<Value>) -> Self {
        Self { status, body, link: None, subject: Subject::default() }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => (self.status, axum::Json(body)).into_response(),
            None => self.status.into_response(),
        };
        // Links are made of our own address and a query that was a valid header line already.
        if let Some(link) = self.link.and_then(|link| HeaderValue::from_str(&link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        response.extensions_mut().insert(self.subject);
        response
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.to_string(),
        });
        if !self.errors.is_empty() {
            body["errors"] = Value::Array(self.errors);
        }
        (status, axum::Json(body)).into_response()
    }
}

/// Whether the client asked for a media type of GitHub's such as `raw` or `sha`.
pub(super) fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').map(|part| part.split(';').next().unwrap_or_default().trim()).any(|part| {
        part.strip_prefix("application/vnd.github.")
            .is_some_and(|rest| rest.split(['.', '+']).any(|word| word == kind))
    })
}
