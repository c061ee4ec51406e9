//! DescribeServiceRevisions.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::Reading;
use super::input;
use super::shapes::{self, failure};
use crate::model::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    service_revision_arns: Vec<String>,
}

/// DescribeServiceRevisions: one to twenty.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Describe = input::read(body)?;
    let arns = request.service_revision_arns;
    if arns.is_empty() || arns.len() > 20 {
        return Err(ApiError::invalid("serviceRevisionArns must have between 1 and 20 items."));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for arn in arns {
        match reading.world.revisions.get(&arn) {
            Some(revision) => found.push(shapes::service_revision(revision)),
            None => failures.push(failure(&arn)),
        }
    }
    Ok(json!({ "serviceRevisions": found, "failures": failures }))
}
