//! The adapter against the simulator of ECS: one service through a rollout, failing tasks and a rollback.
//! The images are in a registry that does not exist, so no process is ever started.

use std::time::{Duration, Instant};

use aws_sdk_ecs::types::StopServiceDeploymentStopType;
use ecs_sim::{ClusterSeed, Config, EcsSim, Initial, Knobs, ServiceSeed, Timing};
use lockstep::adapters::ecs::EcsCluster;
use lockstep::ports::{Answer, Cluster, Marks, RolloutState, RolloutStatus, RolloutView, UpdateService};
use serde_json::json;

use super::double::web;
use crate::support::{PATIENT, config};

/// Far more than anything here takes; only a failing test waits so long.
const DEADLINE: Duration = Duration::from_secs(60);

async fn simulator(work_dir: &std::path::Path) -> EcsSim {
    EcsSim::start(Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        state_file: None,
        work_dir: work_dir.to_path_buf(),
        region: "eu-west-1".to_owned(),
        account_id: "000000000000".to_owned(),
        seed: vec![ClusterSeed {
            name: "main".to_owned(),
            services: vec![ServiceSeed {
                name: "web".to_owned(),
                task_definition: json!({
                    "family": "web", "cpu": "256", "tags": [{"key": "team", "value": "shop"}],
                    "containerDefinitions": [{"name": "app", "image": image('0'), "essential": true}],
                }),
                desired_count: 0,
                deployment_configuration: json!({"minimumHealthyPercent": 0, "maximumPercent": 100}),
                front_port: 0,
                initial: Initial::Completed,
            }],
        }],
        knobs: Knobs::default(),
        timing: Timing::default(),
        events: None,
    })
    .await
    .unwrap()
}

fn image(digit: char) -> String {
    format!("127.0.0.1:1/web@sha256:{}", digit.to_string().repeat(64))
}

fn marks(deployment: &str) -> Marks {
    Marks::from([("lockstep:deployment".to_owned(), deployment.to_owned())])
}

/// Asks until the answer is the awaited one; it is awaited as the engine would, faults that pass included.
async fn until<T, F: Future<Output = Answer<Option<T>>>>(what: &str, ask: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        match ask().await {
            Ok(Some(found)) => return found,
            Err(fault) if !fault.is_transient() => panic!("{what}: {fault}"),
            _ => assert!(begun.elapsed() < DEADLINE, "{what} did not happen"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The rollout of this task definition, once it has a status that is awaited.
async fn rollout(cluster: &EcsCluster, definition: &str, awaited: &[RolloutStatus]) -> RolloutView {
    let since = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(300);
    until(&format!("a rollout of {definition} with {awaited:?}"), || async move {
        let rollouts = cluster.rollouts(&web(), since).await?;
        Ok(rollouts.into_iter().find(|r| r.task_definition == definition && awaited.contains(&r.status)))
    })
    .await
}

#[tokio::test]
async fn a_service_goes_through_rollout_failing_tasks_and_rollback() {
    let directory = tempfile::tempdir().unwrap();
    let simulator = simulator(directory.path()).await;
    let client = aws_sdk_ecs::Client::new(&config(&simulator.endpoint(), PATIENT));
    let cluster = EcsCluster::new(client.clone());

    let before = cluster.service(&web()).await.unwrap().unwrap();
    let primary = before.primary().unwrap().clone();
    assert_eq!(primary.rollout, RolloutState::Completed);

    let first = cluster
        .register_from(&primary.task_definition, Some(("app", &image('1'))), &marks("d1"))
        .await
        .unwrap();
    assert_eq!(cluster.find_marked("web", &marks("d1"), 10).await.unwrap(), std::slice::from_ref(&first));
    let definition = cluster.task_definition(&first).await.unwrap().unwrap();
    assert_eq!(definition.containers[0].image, image('1'));
    assert_eq!(definition.marks["team"], "shop");

    let roll_out = UpdateService { task_definition: Some(first.clone()), desired: None };
    let answer = cluster.update(&web(), &roll_out).await.unwrap();
    assert_ne!(answer.primary, primary.id, "a deployment was started");
    assert_eq!(cluster.update(&web(), &roll_out).await.unwrap(), answer, "a repeat starts none");
    let done = rollout(&cluster, &first, &[RolloutStatus::Successful]).await;
    assert_eq!(done.rollback, None);

    let start = UpdateService { task_definition: None, desired: Some(1) };
    cluster.update(&web(), &start).await.unwrap();
    let failed = until("a task that failed to start", || async {
        Ok(cluster.tasks(&web()).await?.into_iter().find(|task| task.stop_code.is_some()))
    })
    .await;
    assert_eq!(failed.stop_code.as_deref(), Some("TaskFailedToStart"));
    assert_eq!(failed.task_definition, first);
    assert!(failed.stopped_reason.is_some_and(|reason| reason.contains("CannotPull")));

    let second = cluster.register_from(&first, Some(("app", &image('2'))), &marks("d2")).await.unwrap();
    let roll_out = UpdateService { task_definition: Some(second.clone()), desired: None };
    cluster.update(&web(), &roll_out).await.unwrap();
    let going = rollout(&cluster, &second, &[RolloutStatus::Pending, RolloutStatus::InProgress]).await;
    // A person's act: Lockstep itself stops no rollout.
    client
        .stop_service_deployment()
        .service_deployment_arn(&going.arn)
        .stop_type(StopServiceDeploymentStopType::Rollback)
        .send()
        .await
        .unwrap();
    let back =
        [RolloutStatus::RollbackInProgress, RolloutStatus::RollbackSuccessful, RolloutStatus::RollbackFailed];
    let rolling_back = rollout(&cluster, &second, &back).await;
    assert!(rolling_back.rollback.is_some(), "{rolling_back:?}");

    cluster.deregister(&second).await.unwrap();
    cluster.deregister(&second).await.unwrap();
    assert!(!cluster.task_definition(&second).await.unwrap().unwrap().active);
    assert_eq!(cluster.find_marked("web", &marks("d2"), 10).await.unwrap(), [second]);
    simulator.shutdown().await;
}
