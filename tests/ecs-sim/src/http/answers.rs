//! AWS JSON 1.1 answers. [Smithy, "AWS JSON 1.1 protocol"]
//!
//! Errors carry their type both in `__type` and in the `x-amzn-errortype` header, as the service sends them.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use crate::model::ApiError;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

fn answer(status: StatusCode, error_type: Option<&'static str>, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::now_v7().to_string()) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(kind) = error_type {
        headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    }
    response
}

/// A success.
pub(crate) fn success(body: &Value) -> Response {
    answer(StatusCode::OK, None, body)
}

/// A refusal.
pub(crate) fn refusal(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, Some(error.kind), &json!({ "__type": error.kind, "message": error.message }))
}

/// An answer that breaks off: the connection is closed before the promised body is complete.
pub(crate) fn broken_off() -> Response {
    let failure = std::io::Error::other("the answer is lost (knob loseAnswer)");
    let body = futures::stream::once(std::future::ready(Err::<Bytes, _>(failure)));
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("4096"));
    response
}
