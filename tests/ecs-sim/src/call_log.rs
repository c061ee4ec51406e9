//! The append-only log of calls that change something: what a test counts to prove "once, not twice".
//!
//! Entries are never changed or removed, also not across a restart when there is a state file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::Millis;

/// One call of an action that changes something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedCall {
    /// 1, 2, 3, …
    pub number: u64,
    /// When it was answered (milliseconds since the Unix epoch).
    pub at: Millis,
    /// The action, for example `UpdateService`.
    pub action: String,
    /// The request's body.
    pub request: Value,
    /// What came of it.
    pub outcome: CallOutcome,
    /// It took effect, but the caller was not told (knob `loseAnswer`).
    pub answer_lost: bool,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallOutcome {
    /// It took effect. The ids of what it made or touched, by the name of the response's member; for
    /// UpdateService `newDeploymentId` and `newServiceDeploymentArn` are there only if it started one.
    Done(BTreeMap<String, String>),
    /// It was refused, with this `__type`, and had no effect.
    Refused(String),
}

impl LoggedCall {
    /// One of the ids of a call that took effect.
    pub fn id(&self, name: &str) -> Option<&str> {
        match &self.outcome {
            CallOutcome::Done(ids) => ids.get(name).map(String::as_str),
            CallOutcome::Refused(_) => None,
        }
    }
}
