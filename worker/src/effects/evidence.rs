//! What was seen when something failed, in a few lines: enough to understand it without the logs. Must
//! stay short, since it is stored with every later state.

use lockstep_state_machines::Evidence;

use crate::ports::{ServiceView, TaskView};

const EVENTS: usize = 5;
const TASKS: usize = 3;
const LENGTH: usize = 300;

/// The newest service events, and the last stopped tasks of one task definition.
pub(super) fn collect(view: &ServiceView, tasks: &[TaskView], task_definition: &str) -> Evidence {
    let mut stopped: Vec<_> = tasks
        .iter()
        .filter(|task| task.status == "STOPPED" && task.task_definition == task_definition)
        .collect();
    stopped.sort_by_key(|task| std::cmp::Reverse(task.stopped_at));
    Evidence {
        service_events: view.events.iter().take(EVENTS).map(|event| cut(&event.message)).collect(),
        stopped_tasks: stopped.into_iter().take(TASKS).map(describe).collect(),
        readiness: None,
    }
}

fn describe(task: &TaskView) -> String {
    let id = task.arn.rsplit('/').next().unwrap_or(&task.arn);
    let reason = task.stopped_reason.as_deref().unwrap_or("no reason given");
    let code = task.stop_code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let containers: String = task
        .containers
        .iter()
        .filter_map(|container| {
            let exit = container.exit_code.map(|code| format!("exit code {code}"));
            let said = [exit, container.reason.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ");
            (!said.is_empty()).then(|| format!("; container {}: {said}", container.name))
        })
        .collect();
    cut(&format!("task {id}: {reason}{code}{containers}"))
}

fn cut(text: &str) -> String {
    text.chars().take(LENGTH).collect()
}
