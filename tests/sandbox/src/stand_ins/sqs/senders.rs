//! Who sent which message, by the access key that signed the request: what SQS reports as SenderId and no
//! message body can forge. Must never touch a message's body or attributes.
//!
//! Keeps one small entry for each message of a named sender until the process ends: a dead-lettered message
//! keeps its id, and its sender with it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rustack_sqs_http::response::json_response;
use serde_json::Value;

/// The senders that have a name, and the messages they sent.
#[derive(Default)]
pub(super) struct Senders {
    /// Access key to SenderId.
    names: Mutex<HashMap<String, String>>,
    /// Message id to SenderId. Held while a message is sent: a receiver that is given the message before the
    /// sender's answer is written waits here until its sender is known.
    sent: tokio::sync::Mutex<HashMap<String, String>>,
}

impl Senders {
    /// Names whoever signs with `access_key`.
    pub(super) fn name(&self, access_key: &str, sender_id: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(access_key.to_owned(), sender_id.to_owned());
    }

    /// Sends, and remembers the sender of every message that was accepted.
    pub(super) async fn remember(
        &self,
        access_key: Option<&str>,
        send: impl Future<Output = Response>,
    ) -> Response {
        let Some(sender_id) = access_key.and_then(|key| self.sender_of(key)) else {
            return send.await;
        };
        let mut sent = self.sent.lock().await;
        let (head, body) = send.await.into_parts();
        let body = match read(body).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        for id in message_ids(&body) {
            sent.insert(id, sender_id.clone());
        }
        Response::from_parts(head, Body::from(body))
    }

    /// Receives, and puts the sender into every message whose SenderId was asked for.
    pub(super) async fn fill_in(
        &self,
        request_id: &str,
        receive: impl Future<Output = Response>,
    ) -> Response {
        let (head, body) = receive.await.into_parts();
        let body = match read(body).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        let sent = self.sent.lock().await;
        match with_senders(&body, &sent) {
            // Built anew, because the answer carries a checksum of its body.
            Some(body) => json_response(body, request_id).map(Body::new),
            None => Response::from_parts(head, Body::from(body)),
        }
    }

    fn sender_of(&self, access_key: &str) -> Option<String> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(access_key).cloned()
    }
}

/// The access key that a request says it is signed with (Signature Version 4).
pub(super) fn access_key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = authorization.split_once("Credential=")?;
    Some(credential.split_once('/')?.0)
}

async fn read(body: Body) -> Result<Bytes, Response> {
    to_bytes(body, usize::MAX)
        .await
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response())
}

/// The ids in the answer to SendMessage or SendMessageBatch; none in the answer to a refused one.
fn message_ids(body: &[u8]) -> Vec<String> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let batch = answer["Successful"].as_array().into_iter().flatten();
    batch.chain([&answer]).filter_map(|entry| entry["MessageId"].as_str().map(str::to_owned)).collect()
}

/// The answer to ReceiveMessage with the known senders in it, or nothing when there is nothing to change.
fn with_senders(body: &[u8], sent: &HashMap<String, String>) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    let mut changed = false;
    for message in answer.get_mut("Messages")?.as_array_mut()? {
        let Some(sender_id) = message["MessageId"].as_str().and_then(|id| sent.get(id)) else { continue };
        if let Some(value) = message.pointer_mut("/Attributes/SenderId") {
            *value = Value::from(sender_id.as_str());
            changed = true;
        }
    }
    changed.then(|| answer.to_string().into_bytes())
}
