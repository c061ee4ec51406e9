//! Starting, serving, crashing.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{DesiredStatus, ServiceDeploymentStatus, TaskStopCode};

use crate::stage::{Stage, eventually, program, push_image, script};

#[tokio::test]
async fn a_task_is_a_process_of_the_image_with_its_environment_and_nothing_else() {
    let stage = Stage::set(1, program(&[("ANSWER", "one"), ("FROM_IMAGE", "a=b")])).await;
    assert_eq!(stage.get("/").await, (200, "one".to_owned()));
    let (_, environment) = stage.get("/env").await;
    let names: BTreeSet<&str> = environment.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, BTreeSet::from(["ANSWER", "FROM_DEFINITION", "FROM_IMAGE", "PATH", "PORT"]));
    assert!(environment.contains("FROM_IMAGE=a=b\n"));

    let (_, directory) = stage.get("/cwd").await;
    assert!(directory.starts_with(stage.work_dir.canonicalize().unwrap().to_str().unwrap()), "{directory}");
    std::fs::write(format!("{directory}/file"), "writable").unwrap();

    let task = stage.tasks(DesiredStatus::Running).await.remove(0);
    let running = task.containers().iter().find(|container| container.name() == Some("app")).unwrap();
    let sidecar = task.containers().iter().find(|container| container.name() == Some("sidecar")).unwrap();
    assert!(running.runtime_id().is_some() && sidecar.runtime_id().is_none());
    assert_eq!(running.image(), Some(format!("{}/app:first", stage.registry).as_str()));
    assert!(running.image_digest().unwrap().starts_with("sha256:"));
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn requests_go_round_and_follow_a_rollout_without_a_gap() {
    let stage = Stage::set(2, program(&[("ANSWER", "old")])).await;
    let mut directories = BTreeSet::new();
    for _ in 0..4 {
        directories.insert(stage.get("/cwd").await.1);
    }
    assert_eq!(directories.len(), 2, "two tasks, each with a directory of its own");

    let digest = push_image(&stage.registry, "second", program(&[("ANSWER", "new")])).await;
    stage.deploy(&format!("app@{digest}"), &[]).await;
    let mut seen = BTreeSet::new();
    eventually("only the new tasks answer", async || {
        let (status, answer) = stage.get("/").await;
        assert_eq!(status, 200);
        seen.insert(answer);
        stage.service().await.deployments().len() == 1
    })
    .await;
    stage.until_newest_is(ServiceDeploymentStatus::Successful).await;
    assert_eq!(stage.get("/").await.1, "new");
    assert!(seen.contains("old"));
    let tasks = stage.tasks(DesiredStatus::Running).await;
    assert_eq!(tasks.len(), 2);
    assert!(
        tasks.iter().all(|task| task.containers()[0].image_digest() == Some(digest.as_str())),
        "the index's digest"
    );
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn a_crashing_image_is_rolled_back_while_the_old_one_serves() {
    let stage = Stage::set(1, program(&[("ANSWER", "old")])).await;
    stage.deploy("app:first", &[("CRASH", "1")]).await;
    stage.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
    assert_eq!(stage.get("/").await, (200, "old".to_owned()));
    let stopped = stage.tasks(DesiredStatus::Stopped).await;
    let crashed: Vec<_> = stopped.iter().filter(|task| task.containers()[0].exit_code() == Some(3)).collect();
    assert_eq!(crashed.len(), 3);
    assert!(crashed.iter().all(|task| task.stop_code() == Some(&TaskStopCode::EssentialContainerExited)));

    let listed: serde_json::Value =
        reqwest::get(format!("{}/_sim/tasks", stage.sim.endpoint())).await.unwrap().json().await.unwrap();
    let logs: Vec<String> = listed["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|task| task["containers"][0]["exitCode"] == 3)
        .map(|task| std::fs::read_to_string(task["containers"][0]["log"].as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(logs, ["told to crash\n", "told to crash\n", "told to crash\n"]);
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn an_image_that_does_not_exist_cannot_be_pulled() {
    let stage = Stage::set(1, program(&[("ANSWER", "old")])).await;
    stage.deploy("app:never-pushed", &[]).await;
    stage.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
    let stopped = stage.tasks(DesiredStatus::Stopped).await;
    let failed =
        stopped.iter().find(|task| task.stop_code() == Some(&TaskStopCode::TaskFailedToStart)).unwrap();
    let reason = failed.stopped_reason().unwrap();
    assert!(reason.starts_with("CannotPullContainerError: ") && reason.contains("never-pushed"), "{reason}");
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn a_program_that_is_not_in_the_image_is_not_looked_for_elsewhere() {
    let stage = Stage::set(1, program(&[("ANSWER", "old")])).await;
    let mut image = script("exit 0");
    image.entrypoint = vec!["sh".to_owned(), "-c".to_owned(), "exit 0".to_owned()];
    push_image(&stage.registry, "shell", image).await;
    stage.deploy("app:shell", &[]).await;
    stage.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
    let stopped = stage.tasks(DesiredStatus::Stopped).await;
    let reasons: Vec<&str> = stopped.iter().filter_map(|task| task.stopped_reason()).collect();
    let expected = "CannotStartContainerError: exec: \"sh\": executable file not found in the image";
    assert!(reasons.contains(&expected), "{reasons:?}");
    stage.sim.shutdown().await;
}

#[tokio::test]
async fn a_task_that_ends_is_replaced_and_nobody_serves_meanwhile() {
    let stage = Stage::set(1, program(&[("ANSWER", "here")])).await;
    let first = stage.tasks(DesiredStatus::Running).await.remove(0);
    assert_eq!(stage.get("/exit").await.0, 200);
    let mut statuses = BTreeSet::new();
    eventually("another task runs", async || {
        statuses.insert(stage.get("/").await.0);
        let running = stage.tasks(DesiredStatus::Running).await;
        running
            .first()
            .is_some_and(|task| task.task_arn() != first.task_arn() && task.last_status() == Some("RUNNING"))
    })
    .await;
    assert!(statuses.contains(&503), "{statuses:?}");
    assert_eq!(stage.get("/").await, (200, "here".to_owned()));
    let stopped = stage.tasks(DesiredStatus::Stopped).await;
    assert_eq!(stopped[0].containers()[0].exit_code(), Some(7));
    stage.sim.shutdown().await;
}
