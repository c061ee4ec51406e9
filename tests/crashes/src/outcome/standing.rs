//! What stands at the end: the table without its times, tags, releases, and what ECS runs.

use std::collections::BTreeMap;

use ecs_sim::model::RolloutState;
use lockstep_events::DeploymentId;
use serde_json::{Map, Value, json};

use crate::town::Town;

/// Members that tell when or by whom, which may differ.
const TIMES: [&str; 6] = ["at", "since", "created_at", "published_at", "updated_at", "write_id"];

/// A deployment's history, a line for each item.
pub(crate) fn story(items: &[Value], id: DeploymentId) -> String {
    let text = |item: &Value, name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
    let line = |item: &&Value| {
        let [at, worker, event, to, detail] =
            ["at", "worker", "event", "to", "detail"].map(|name| text(item, name));
        format!("  {at} {worker}: {event} -> {to} ({detail})")
    };
    history(items, id).iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The items of a deployment's history, oldest first.
fn history(items: &[Value], id: DeploymentId) -> Vec<&Value> {
    let partition = format!("deployment#{id}");
    let mut history: Vec<&Value> =
        items.iter().filter(|item| item["pk"]["S"] == partition.as_str()).collect();
    history.sort_by_key(|item| item["sk"]["S"].as_str().map(str::to_owned));
    history
}

/// The terminal state of a deployment.
///
/// # Errors
/// In words: its history has a gap, does not end, or goes on after its end.
pub(super) fn end_of_history(items: &[Value], id: DeploymentId) -> Result<String, String> {
    let history = history(items, id);
    for (number, item) in (1..).zip(&history) {
        let sort = format!("event#{number:010}");
        if item["sk"]["S"] != sort.as_str() {
            return Err(format!("the history has {} where {sort} should be", item["sk"]["S"]));
        }
        if item["terminal"]["BOOL"] == true && number != history.len() {
            return Err(format!("the history goes on after its end, item {number}"));
        }
    }
    let last = history.last().ok_or("there is no history")?;
    if last["terminal"]["BOOL"] != true {
        return Err(format!("the queue is empty, and the deployment is still in {}", last["to"]["S"]));
    }
    Ok(last["to"]["S"].as_str().unwrap_or_default().to_owned())
}

/// Everything that stands, by what it is.
///
/// # Errors
/// In words: a lock is still held.
pub(super) async fn all(
    town: &Town,
    items: &[Value],
    id: DeploymentId,
) -> Result<BTreeMap<String, Value>, String> {
    let mut standing = BTreeMap::new();
    for item in items {
        let (partition, sort) = (&item["pk"]["S"], &item["sk"]["S"]);
        if partition.as_str().is_some_and(|partition| partition.starts_with("deployment#")) {
            continue;
        }
        if *sort == "lock" && item.get("holder").is_some() {
            return Err(format!("the lock of {partition} is still held"));
        }
        standing.insert(format!("{partition} {sort}"), without_times(item));
    }
    for (tag, digest) in town.registry.contents().tags {
        standing.insert(format!("tag {tag}"), json!(digest));
    }
    for path in ["releases", "releases/latest", "git/matching-refs/tags"] {
        standing.insert(path.to_owned(), without_times(&town.asked_of_github(path).await));
    }
    standing.extend(services(town));
    standing.extend(revisions(town, id));
    Ok(standing)
}

/// What each service runs, by its tasks.
fn services(town: &Town) -> Vec<(String, Value)> {
    town.ecs.inspect(|world, _| {
        let shown = world.services.values().map(|service| {
            let primary = service.primary();
            let live: Vec<&str> = world
                .tasks_of(&service.arn)
                .filter(|task| task.is_live())
                .map(|task| task.task_definition.as_str())
                .collect();
            let value = json!({
                "desired": service.desired_count,
                "primary": primary.map(|primary| primary.task_definition.clone()),
                "completed": primary.is_some_and(|primary| primary.rollout == RolloutState::Completed),
                "live": live,
            });
            (format!("service {}/{}", service.cluster, service.name), value)
        });
        shown.collect()
    })
}

/// The revisions that this deployment made, and whether they can still be deployed.
fn revisions(town: &Town, id: DeploymentId) -> Vec<(String, Value)> {
    let id = id.to_string();
    town.ecs.inspect(|world, _| {
        let all = world.task_definitions.values();
        let marked = all.filter(|definition| definition.tags.iter().any(|tag| tag["value"] == id.as_str()));
        let shown = |active| if active { "ACTIVE" } else { "INACTIVE" };
        marked.map(|d| (format!("revision {}", d.arn), json!(shown(d.deregistered_at.is_none())))).collect()
    })
}

/// A reason without what the last look saw: looks are not recorded, and a last one whose answer is lost saw nothing.
fn without_evidence(reason: &str) -> String {
    let seen =
        reason.split_once(": http").and_then(|(before, seen)| Some((before, seen.split_once(" after ")?.1)));
    seen.map_or_else(|| reason.to_owned(), |(before, rest)| format!("{before} after {rest}"))
}

fn without_times(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_evidence(text)),
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !TIMES.contains(&name.as_str()));
            Value::Object(
                kept.map(|(name, value)| (name.clone(), without_times(value))).collect::<Map<_, _>>(),
            )
        }
        Value::Array(values) => values.iter().map(without_times).collect(),
        other => other.clone(),
    }
}
