//! The actions on task definitions.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::{Changing, Reading};
use super::paging::{Paging, page};
use super::{input, shapes};
use crate::model::{ApiError, TaskDefinition};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    task_definition: String,
    include: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    family_prefix: Option<String>,
    status: Option<String>,
    sort: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// RegisterTaskDefinition.
pub(crate) fn register(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let content = input::others(body, &[]);
    let definition = changing.world.register_task_definition(changing.step.now, content)?;
    changing.note("taskDefinitionArn", &definition.arn);
    Ok(
        json!({ "taskDefinition": shapes::task_definition(changing.world, &definition), "tags": definition.tags }),
    )
}

/// DeregisterTaskDefinition.
pub(crate) fn deregister(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Named = input::read(body)?;
    let definition =
        changing.world.deregister_task_definition(changing.step.now, &request.task_definition)?;
    changing.note("taskDefinitionArn", &definition.arn);
    Ok(json!({ "taskDefinition": shapes::task_definition(changing.world, &definition) }))
}

/// DescribeTaskDefinition; the tags only when asked for.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Named = input::read(body)?;
    let definition = reading.world.task_definition(&request.task_definition)?;
    let mut answer = json!({ "taskDefinition": shapes::task_definition(reading.world, definition) });
    if request.include.is_some_and(|fields| fields.iter().any(|field| field == "TAGS")) {
        answer["tags"] = json!(definition.tags);
    }
    Ok(answer)
}

/// ListTaskDefinitions: exactly the family named, despite the member's name, or all. ACTIVE ones by default.
/// [API reference: familyPrefix is "the full family name"]
pub(crate) fn list(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: List = input::read(body)?;
    let active = match request.status.as_deref() {
        None | Some("ACTIVE") => true,
        Some("INACTIVE") => false,
        // There are none: deletion is not simulated.
        Some("DELETE_IN_PROGRESS") => return Ok(json!({ "taskDefinitionArns": [] })),
        Some(other) => return Err(ApiError::invalid(format!("Invalid status: {other}"))),
    };
    let descending = match request.sort.as_deref() {
        None | Some("ASC") => false,
        Some("DESC") => true,
        Some(other) => return Err(ApiError::invalid(format!("Invalid sort order: {other}"))),
    };
    let definitions = reading.world.task_definitions.values();
    let items = definitions
        .filter(|definition| definition.is_active() == active)
        .filter(|definition| request.family_prefix.as_ref().is_none_or(|family| *family == definition.family))
        .map(|definition| (sort_key(definition), json!(definition.arn)))
        .collect();
    let paging = Paging { default: 100, most: 100, descending };
    page(paging, "taskDefinitionArns", items, request.max_results, request.next_token.as_deref())
}

/// By family, then by revision as a number. The space sorts before every character of a family's name.
fn sort_key(definition: &TaskDefinition) -> String {
    format!("{} {:010}", definition.family, definition.revision)
}

/// ListTaskDefinitionFamilies: here the prefix is one. By default ACTIVE and INACTIVE families.
pub(crate) fn list_families(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: List = input::read(body)?;
    let prefix = request.family_prefix.unwrap_or_default();
    let mut active = BTreeSet::new();
    let mut all = BTreeSet::new();
    for definition in
        reading.world.task_definitions.values().filter(|definition| definition.family.starts_with(&prefix))
    {
        all.insert(definition.family.clone());
        if definition.is_active() {
            active.insert(definition.family.clone());
        }
    }
    let families: Vec<String> = match request.status.as_deref() {
        None | Some("ALL") => all.into_iter().collect(),
        Some("ACTIVE") => active.into_iter().collect(),
        Some("INACTIVE") => all.difference(&active).cloned().collect(),
        Some(other) => return Err(ApiError::invalid(format!("Invalid status: {other}"))),
    };
    let items = families.into_iter().map(|family| (family.clone(), json!(family))).collect();
    let paging = Paging { default: 100, most: 100, descending: false };
    page(paging, "families", items, request.max_results, request.next_token.as_deref())
}
