//! The envelope of every message on the queue, and the one place that reads it. Must never panic on what
//! arrives and never guess: an unknown version or type is an error with a name.

use serde::Serialize;
use serde_json::Value;

use crate::{BuildFinished, CancelRequested, DeployRequested, EcsDeploymentStateChange, WakeUp};

/// The version of the envelope that this build writes and reads.
pub const ENVELOPE_VERSION: u64 = 1;

/// The `detail-type` of the one kind of EventBridge event that is understood.
const ECS_DEPLOYMENT_STATE_CHANGE: &str = "ECS Deployment State Change";

/// A message that the worker understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// `deploy-requested`
    DeployRequested(Box<DeployRequested>),
    /// `cancel-requested`
    CancelRequested(CancelRequested),
    /// `build-finished`
    BuildFinished(BuildFinished),
    /// `wake-up`
    WakeUp(WakeUp),
    /// An EventBridge event, which comes in EventBridge's own envelope.
    EcsDeploymentStateChange(EcsDeploymentStateChange),
}

/// Why a message could not be understood. None of these goes away by trying again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON at all.
    #[error("the message is not JSON: {0}")]
    NotJson(String),
    /// JSON, but without the fields that every message has.
    #[error(
        "the message has no {field:?} of type {expected}: expected {{\"lockstep\": 1, \"type\": …, \"body\": …}} or an EventBridge event"
    )]
    MissingField {
        /// The absent or mistyped field.
        field: &'static str,
        /// The JSON type it must have.
        expected: &'static str,
    },
    /// An envelope of another version.
    #[error(
        "envelope version {found} is unknown to this worker, which reads version {ENVELOPE_VERSION}: upgrade the older side"
    )]
    UnknownVersion {
        /// The version found.
        found: u64,
    },
    /// A type that this version does not have.
    #[error(
        "message type {found:?} is unknown: expected deploy-requested, cancel-requested, build-finished or wake-up"
    )]
    UnknownType {
        /// The type found.
        found: String,
    },
    /// An EventBridge event of another kind: the rule lets through more than it should.
    #[error(
        "EventBridge event {found:?} is not handled: the rule should send {ECS_DEPLOYMENT_STATE_CHANGE:?} only"
    )]
    UnknownEventBridgeType {
        /// The `detail-type` found.
        found: String,
    },
    /// The right type with a body that does not fit it.
    #[error("the body of this {kind} message is invalid: {problem}")]
    InvalidBody {
        /// The message's type.
        kind: &'static str,
        /// What is wrong and where.
        problem: String,
    },
}

/// Reads a message.
///
/// # Errors
/// [`DecodeError`] names what is wrong; the message can never be understood by this build.
pub fn decode(text: &str) -> Result<Message, DecodeError> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| DecodeError::NotJson(excerpt(&e.to_string())))?;
    if let Some(detail_type) = value.get("detail-type") {
        return match detail_type.as_str() {
            Some(ECS_DEPLOYMENT_STATE_CHANGE) => {
                body(ECS_DEPLOYMENT_STATE_CHANGE, value.clone()).map(Message::EcsDeploymentStateChange)
            }
            other => Err(DecodeError::UnknownEventBridgeType { found: excerpt(other.unwrap_or_default()) }),
        };
    }
    let version = value.get("lockstep").and_then(Value::as_u64);
    let version = version.ok_or(DecodeError::MissingField { field: "lockstep", expected: "integer" })?;
    if version != ENVELOPE_VERSION {
        return Err(DecodeError::UnknownVersion { found: version });
    }
    let kind = value.get("type").and_then(Value::as_str);
    let kind = kind.ok_or(DecodeError::MissingField { field: "type", expected: "string" })?;
    let content = value.get("body").cloned();
    let content = content.ok_or(DecodeError::MissingField { field: "body", expected: "object" })?;
    match kind {
        "deploy-requested" => {
            body("deploy-requested", content).map(|r| Message::DeployRequested(Box::new(r)))
        }
        "cancel-requested" => body("cancel-requested", content).map(Message::CancelRequested),
        "build-finished" => body("build-finished", content).map(Message::BuildFinished),
        "wake-up" => body("wake-up", content).map(Message::WakeUp),
        other => Err(DecodeError::UnknownType { found: excerpt(other) }),
    }
}

fn body<T: serde::de::DeserializeOwned>(kind: &'static str, value: Value) -> Result<T, DecodeError> {
    let invalid = |e: serde_json::Error| DecodeError::InvalidBody { kind, problem: excerpt(&e.to_string()) };
    serde_json::from_value(value).map_err(invalid)
}

/// The beginning of a text from outside: errors are logged and recorded, a megabyte of somebody's message is not.
fn excerpt(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Writes a message.
#[must_use]
pub fn encode(message: &Message) -> String {
    let value = match message {
        Message::DeployRequested(body) => envelope("deploy-requested", body),
        Message::CancelRequested(body) => envelope("cancel-requested", body),
        Message::BuildFinished(body) => envelope("build-finished", body),
        Message::WakeUp(body) => envelope("wake-up", body),
        Message::EcsDeploymentStateChange(event) => {
            let mut value = to_value(event);
            if let Value::Object(fields) = &mut value {
                fields.insert("version".into(), "0".into());
                fields.insert("source".into(), "aws.ecs".into());
                fields.insert("detail-type".into(), ECS_DEPLOYMENT_STATE_CHANGE.into());
            }
            value
        }
    };
    value.to_string()
}

fn envelope(kind: &'static str, body: &impl Serialize) -> Value {
    serde_json::json!({ "lockstep": ENVELOPE_VERSION, "type": kind, "body": to_value(body) })
}

fn to_value(body: &impl Serialize) -> Value {
    #[expect(clippy::expect_used, reason = "these types have string keys and no failing serializer")]
    serde_json::to_value(body).expect("a message type always serializes")
}
