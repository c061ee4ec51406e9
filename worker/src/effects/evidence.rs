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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CircuitBreaker, ServiceEvent, TaskContainer};

    const OURS: &str = "app:2";

    fn view(events: usize) -> ServiceView {
        ServiceView {
            arn: "service".to_owned(),
            status: "ACTIVE".to_owned(),
            desired: 1,
            running: 0,
            pending: 0,
            deployments: Vec::new(),
            events: (0..events).map(|n| ServiceEvent { message: format!("event {n}") }).collect(),
            circuit_breaker: CircuitBreaker::default(),
            minimum_healthy_percent: 100,
            maximum_percent: 200,
        }
    }

    fn task(name: &str, stopped_second: i64) -> TaskView {
        TaskView {
            arn: format!("arn:aws:ecs:eu-west-1:0:task/c/{name}"),
            status: "STOPPED".to_owned(),
            task_definition: OURS.to_owned(),
            containers: Vec::new(),
            stop_code: None,
            stopped_reason: None,
            stopped_at: Some(jiff::Timestamp::from_second(stopped_second).unwrap()),
        }
    }

    #[test]
    fn a_stopped_task_is_told_with_its_reason_its_code_and_what_its_containers_said() {
        let container = |exit_code, reason: Option<&str>| TaskContainer {
            name: "app".to_owned(),
            image_digest: None,
            exit_code,
            reason: reason.map(str::to_owned),
        };
        let told = TaskView {
            stop_code: Some("EssentialContainerExited".to_owned()),
            stopped_reason: Some("Essential container in task exited".to_owned()),
            containers: vec![container(Some(137), Some("OutOfMemoryError")), container(None, None)],
            ..task("a", 1)
        };
        assert_eq!(
            collect(&view(0), &[told, task("b", 0)], OURS).stopped_tasks,
            [
                "task a: Essential container in task exited (EssentialContainerExited); container app: exit code 137, OutOfMemoryError",
                "task b: no reason given"
            ]
        );
    }

    #[test]
    fn the_newest_few_are_kept_and_only_of_what_failed() {
        let running = TaskView { status: "RUNNING".to_owned(), ..task("running", 9) };
        let others = TaskView { task_definition: "app:1".to_owned(), ..task("old", 8) };
        let tasks =
            [task("first", 1), running, task("fourth", 4), others, task("second", 2), task("third", 3)];
        let seen = collect(&view(7), &tasks, OURS);
        let names = ["fourth", "third", "second"].map(|name| format!("task {name}: no reason given"));
        assert_eq!(seen.stopped_tasks, names);
        assert_eq!(seen.service_events, ["event 0", "event 1", "event 2", "event 3", "event 4"]);
        assert_eq!(seen.readiness, None);
    }

    #[test]
    fn a_long_reason_is_cut() {
        let long = TaskView { stopped_reason: Some("é".repeat(1000)), ..task("a", 1) };
        assert_eq!(collect(&view(0), &[long], OURS).stopped_tasks[0].chars().count(), LENGTH);
    }
}
