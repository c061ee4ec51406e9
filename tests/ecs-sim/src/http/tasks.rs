//! The actions on tasks.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::Reading;
use super::input;
use super::paging::{Paging, page};
use super::shapes::{self, failure};
use crate::model::{ApiError, Task};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    service_name: Option<String>,
    family: Option<String>,
    started_by: Option<String>,
    desired_status: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    cluster: Option<String>,
    tasks: Vec<String>,
}

/// ListTasks. By default those with desired status RUNNING; PENDING lists none, as the API reference says.
pub(crate) fn list(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: List = input::read(body)?;
    let cluster = reading.world.cluster_name(request.cluster.as_deref())?;
    if request.started_by.is_some() && (request.service_name.is_some() || request.family.is_some()) {
        return Err(ApiError::invalid(
            "When you specify startedBy, it must be the only filter that you use.",
        ));
    }
    let service = match &request.service_name {
        Some(reference) => Some(reading.world.service(&cluster, reference)?.arn.clone()),
        None => None,
    };
    let wanted = match request.desired_status.as_deref() {
        None | Some("RUNNING") => Some(true),
        Some("STOPPED") => Some(false),
        Some("PENDING") => None,
        Some(other) => return Err(ApiError::invalid(format!("Invalid desiredStatus: {other}"))),
    };
    let family_of = |task: &Task| {
        reading.world.task_definitions.get(&task.task_definition).map(|found| found.family.clone())
    };
    let tasks = reading.world.tasks.values();
    let items = tasks
        .filter(|task| task.cluster == cluster && Some(task.wanted) == wanted)
        .filter(|task| service.as_ref().is_none_or(|arn| *arn == task.service_arn))
        .filter(|task| request.started_by.as_ref().is_none_or(|id| *id == task.deployment_id))
        .filter(|task| request.family.is_none() || request.family == family_of(task))
        .map(|task| (format!("{:020}", task.sequence), json!(task.arn)))
        .collect();
    let paging = Paging { default: 100, most: 100, descending: false };
    page(paging, "taskArns", items, request.max_results, request.next_token.as_deref())
}

/// DescribeTasks: one to a hundred.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Describe = input::read(body)?;
    let cluster = reading.world.cluster_name(request.cluster.as_deref())?;
    if request.tasks.is_empty() {
        return Err(ApiError::invalid("Tasks cannot be empty."));
    }
    if request.tasks.len() > 100 {
        return Err(ApiError::invalid("Tasks can have at most 100 items."));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for reference in &request.tasks {
        let arn = reading.world.task_arn(&cluster, reference);
        match reading.world.tasks.get(&arn) {
            Some(task) => found.push(shapes::task(reading, task)),
            None => failures.push(failure(&arn)),
        }
    }
    Ok(json!({ "tasks": found, "failures": failures }))
}
