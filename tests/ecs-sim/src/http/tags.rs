//! TagResource and ListTagsForResource, for task definitions.
//!
//! Other resources are answered as not found: this simulator keeps no tags on them.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::{Changing, Reading};
use super::input;
use crate::model::ApiError;

/// [ECS API reference, Tag: at most 50 on a resource]
const MOST_TAGS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TagResource {
    resource_arn: String,
    tags: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListTags {
    resource_arn: String,
}

/// TagResource: adds tags, replacing those with the same key.
pub(crate) fn tag(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: TagResource = input::read(body)?;
    let definition = changing
        .world
        .task_definitions
        .get_mut(&request.resource_arn)
        .ok_or_else(|| ApiError::resource_not_found(&request.resource_arn))?;
    let mut tags = definition.tags.clone();
    for tag in request.tags {
        tags.retain(|known| known.get("key") != tag.get("key"));
        tags.push(tag);
    }
    if tags.len() > MOST_TAGS {
        return Err(ApiError::invalid(format!("A resource can have at most {MOST_TAGS} tags.")));
    }
    definition.tags = tags;
    changing.note("resourceArn", &request.resource_arn);
    Ok(json!({}))
}

/// ListTagsForResource.
pub(crate) fn list(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: ListTags = input::read(body)?;
    let definition = reading.world.task_definitions.get(&request.resource_arn);
    let definition = definition.ok_or_else(|| ApiError::resource_not_found(&request.resource_arn))?;
    Ok(json!({ "tags": definition.tags }))
}
