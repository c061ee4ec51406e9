//! One request, told apart from others by what it asks of which service. Must never depend on what differs
//! between two runs of the same flow: signatures, times of day.

use std::fmt;

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use super::known::{self, Known};

/// A request as it came.
pub(crate) struct Request {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

/// Which worker sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The one that runs the loop.
    First,
    /// The one that takes up a cancellation while the first is in the middle of a commit.
    Second,
}

/// A recorded request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) actor: Actor,
    pub(crate) known: &'static Known,
}

impl Call {
    /// What a request is; an error in words if nobody has said what its repeat means.
    pub(crate) fn of(request: &Request, actor: Actor) -> Result<Self, String> {
        let (service, operation) = request.named();
        let known = known::find(service, &operation).ok_or_else(|| {
            format!(
                "{service} {operation} is a new external call: add it to recorder/known.rs with what a repeat of it does"
            )
        })?;
        Ok(Self { actor, known })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = if self.actor == Actor::Second { " (second worker)" } else { "" };
        write!(f, "{} {}{by}", self.known.service, self.known.operation)
    }
}

impl Request {
    /// AWS's operation, without its prefix.
    pub(crate) fn aws_operation(&self) -> Option<&str> {
        self.head.headers.get("x-amz-target")?.to_str().ok()?.split_once('.').map(|(_, operation)| operation)
    }

    /// The service and the operation.
    pub(crate) fn named(&self) -> (&'static str, String) {
        let target = self.head.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let prefix = target.and_then(|target| target.split_once('.')).map_or("", |(prefix, _)| prefix);
        let aws = match prefix {
            "DynamoDB_20120810" => Some("DynamoDB"),
            "AmazonSQS" => Some("SQS"),
            "AmazonEC2ContainerServiceV20141113" => Some("ECS"),
            _ => None,
        };
        if let Some(service) = aws {
            return (service, self.aws_operation().unwrap_or_default().to_owned());
        }
        let (method, path) = (&self.head.method, self.head.uri.path());
        let service = match path.split('/').nth(1) {
            Some("v2") => "registry",
            Some("ready") => "application",
            _ => "GitHub",
        };
        (service, format!("{method} {path}"))
    }

    /// The state that this request would record as reached, if it is a transition's commit.
    pub(crate) fn commits(&self) -> Option<String> {
        let operation = self.aws_operation()?;
        if operation != "PutItem" && operation != "TransactWriteItems" {
            return None;
        }
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let puts = body["TransactItems"].as_array().into_iter().flatten().map(|item| &item["Put"]["Item"]);
        let mut items = puts.chain([&body["Item"]]);
        let entry =
            items.find(|item| item["sk"]["S"].as_str().is_some_and(|sort| sort.starts_with("event#")))?;
        Some(entry["to"]["S"].as_str()?.to_owned())
    }
}
