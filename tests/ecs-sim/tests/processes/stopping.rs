//! How tasks end, and that none is left behind.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aws_sdk_ecs::types::DesiredStatus;
use ecs_sim::runner::ProcessLauncher;

use crate::stage::{Stage, eventually, program, script};

const STUBBORN: &str = "trap '' TERM; while :; do sleep 0.05; done";

/// Processes whose working directory is below this one.
fn processes_below(directory: &Path) -> usize {
    let directory = directory.canonicalize().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&directory))
        })
        .count()
}

#[tokio::test]
async fn a_task_is_asked_to_stop_and_then_made_to() {
    let stage = Stage::set(1, script(STUBBORN)).await;
    let update = stage.ecs.update_service().cluster("main").service("web").desired_count(0);
    update.send().await.unwrap();
    eventually("it is STOPPED", async || {
        let stopped = stage.tasks(DesiredStatus::Stopped).await;
        stopped.first().is_some_and(|task| task.last_status() == Some("STOPPED"))
    })
    .await;
    let task = stage.tasks(DesiredStatus::Stopped).await.remove(0);
    assert_eq!(task.containers()[0].exit_code(), Some(137), "SIGKILL, since it ignores SIGTERM");
    assert_eq!(processes_below(&stage.work_dir), 0, "what the script had started is gone, too");
    assert_eq!(stage.get("/").await.0, 503);
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn a_task_that_heeds_sigterm_says_so() {
    let stage = Stage::set(1, program(&[])).await;
    let update = stage.ecs.update_service().cluster("main").service("web").desired_count(0);
    update.send().await.unwrap();
    eventually("it has ended", async || {
        let stopped = stage.tasks(DesiredStatus::Stopped).await;
        stopped.first().is_some_and(|task| task.containers()[0].exit_code() == Some(143))
    })
    .await;
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_leaves_no_process() {
    let stage = Stage::set(2, script(STUBBORN)).await;
    assert!(processes_below(&stage.work_dir) >= 2);
    let work_dir = stage.work_dir.clone();
    stage.sim.shutdown().await;
    assert_eq!(processes_below(&work_dir), 0);
}

#[tokio::test]
async fn dropping_the_simulator_kills_its_tasks() {
    let stage = Stage::set(1, script(STUBBORN)).await;
    let work_dir = stage.work_dir.clone();
    drop(stage.sim);
    eventually("they are gone", async || processes_below(&work_dir) == 0).await;
}

#[tokio::test]
async fn what_a_killed_simulator_left_running_is_cleared_away() {
    let directory = tempfile::tempdir().unwrap();
    let left = directory.path().join("tasks/0123/app");
    std::fs::create_dir_all(&left).unwrap();
    let sleep_in =
        |directory: &Path| Command::new("sleep").arg("600").current_dir(directory).spawn().unwrap();
    let mut ours = sleep_in(&left);
    let mut other = sleep_in(directory.path());
    ProcessLauncher::new(directory.path().to_owned(), Duration::from_secs(1)).unwrap();
    assert!(!ours.wait().unwrap().success());
    assert!(other.try_wait().unwrap().is_none(), "only what runs in a task's directory is ours");
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(!left.exists());
}
