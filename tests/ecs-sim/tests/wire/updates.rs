//! Rollouts as a deployer sees them.

use aws_sdk_ecs::types::{
    DeploymentRolloutState, DesiredStatus, ServiceDeploymentRollbackMonitorsStatus, ServiceDeploymentStatus,
    TaskStopCode,
};
use ecs_sim::CallOutcome;

use crate::support::{CLUSTER, SERVICE, Wire, digest, loop_until};

#[tokio::test]
async fn a_rollout_can_be_followed_by_its_id() {
    let wire = Wire::start(2).await;
    let before = wire.until_running(2).await;
    let updated = wire.deploy("good").await;
    let ours = updated.deployments()[0].id().unwrap().to_owned();
    assert_ne!(Some(ours.as_str()), before.deployments()[0].id());
    assert_eq!(updated.deployments()[0].status(), Some("PRIMARY"));
    assert_eq!(updated.deployments()[1].status(), Some("ACTIVE"));

    let newest = wire.until_newest_is(ServiceDeploymentStatus::Successful).await;
    let breaker = newest.deployment_circuit_breaker().unwrap();
    assert_eq!(breaker.status(), Some(&ServiceDeploymentRollbackMonitorsStatus::MonitoringComplete));
    assert_eq!((breaker.failure_count(), breaker.threshold()), (0, 3));
    assert!(newest.started_at().is_some() && newest.finished_at().is_some() && newest.stopped_at().is_none());
    let target = newest.target_service_revision().unwrap();
    assert_eq!(target.arn().unwrap().rsplit('/').next(), ours.strip_prefix("ecs-svc/"));
    assert_eq!(target.running_task_count(), 2);

    let revisions = wire
        .ecs
        .describe_service_revisions()
        .service_revision_arns(target.arn().unwrap())
        .send()
        .await
        .unwrap();
    let revision = &revisions.service_revisions()[0];
    assert_eq!(revision.task_definition(), updated.task_definition());
    assert_eq!(revision.container_images()[0].image_digest(), Some(digest('a').as_str()));

    let service = wire.service().await;
    assert_eq!(service.current_service_deployment(), newest.service_deployment_arn());
    assert_eq!(service.deployments().len(), 1);
    assert_eq!(service.deployments()[0].rollout_state(), Some(&DeploymentRolloutState::Completed));
    let tasks = wire.ecs.list_tasks().cluster(CLUSTER).started_by(&ours).send().await.unwrap();
    assert_eq!(tasks.task_arns().len(), 2);
}

#[tokio::test]
async fn a_crashing_task_definition_ends_in_a_rollback_with_the_tasks_reasons() {
    let wire = Wire::start(1).await;
    let before = wire.until_running(1).await;
    let updated = wire.deploy("crash").await;
    let ours = updated.deployments()[0].id().unwrap().to_owned();
    let record = wire.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
    let rollback = record.rollback().unwrap();
    assert_eq!(
        rollback.reason(),
        Some("Service deployment rolled back because the circuit breaker threshold was exceeded.")
    );
    assert_eq!(
        record.deployment_circuit_breaker().unwrap().status(),
        Some(&ServiceDeploymentRollbackMonitorsStatus::Triggered)
    );
    let service = loop_until("our deployment is gone", async || {
        let service = wire.service().await;
        service.deployments().iter().all(|deployment| deployment.id() != Some(&ours)).then_some(service)
    })
    .await;
    assert_eq!(service.task_definition(), before.task_definition());

    let stopped =
        wire.ecs.list_tasks().cluster(CLUSTER).started_by(&ours).desired_status(DesiredStatus::Stopped);
    let arns = stopped.send().await.unwrap().task_arns.unwrap();
    let tasks = wire.ecs.describe_tasks().cluster(CLUSTER).set_tasks(Some(arns)).send().await.unwrap();
    let failed: Vec<_> = tasks
        .tasks()
        .iter()
        .filter(|task| task.stop_code() == Some(&TaskStopCode::EssentialContainerExited))
        .collect();
    assert!(failed.len() >= 3, "{tasks:?}");
    for task in failed {
        assert_eq!(task.stopped_reason(), Some("Essential container in task exited"));
        assert_eq!(task.containers()[0].exit_code(), Some(3));
        assert_eq!(task.last_status(), Some("STOPPED"));
    }
}

#[tokio::test]
async fn an_image_that_is_gone_is_named_by_its_tasks() {
    let wire = Wire::start(1).await;
    wire.until_running(1).await;
    wire.deploy("gone").await;
    wire.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
    let stopped =
        wire.ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).desired_status(DesiredStatus::Stopped);
    let arns = stopped.send().await.unwrap().task_arns.unwrap();
    let tasks = wire.ecs.describe_tasks().cluster(CLUSTER).set_tasks(Some(arns)).send().await.unwrap();
    let task =
        tasks.tasks().iter().find(|task| task.stop_code() == Some(&TaskStopCode::TaskFailedToStart)).unwrap();
    assert!(task.stopped_reason().unwrap().starts_with("CannotPullContainerError: "));
    assert_eq!(task.containers()[0].exit_code(), None);
    assert!(task.containers()[0].reason().is_some());
}

#[tokio::test]
async fn an_update_of_numbers_makes_no_deployment_and_the_log_says_so() {
    let wire = Wire::start(1).await;
    let before = wire.until_running(1).await;
    let update = wire.ecs.update_service().cluster(CLUSTER).service(SERVICE);
    let same = update
        .clone()
        .task_definition(before.task_definition().unwrap())
        .desired_count(2)
        .send()
        .await
        .unwrap();
    assert_eq!(same.service().unwrap().deployments()[0].id(), before.deployments()[0].id());
    wire.until_running(2).await;
    let forced = update.force_new_deployment(true).send().await.unwrap();
    let id = forced.service().unwrap().deployments()[0].id().unwrap().to_owned();
    let refused =
        wire.ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition("nothing").send().await;
    assert!(refused.unwrap_err().into_service_error().is_client_exception());

    let log = wire.sim.log();
    assert_eq!(log.iter().map(|call| call.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(log.iter().all(|call| call.action == "UpdateService" && !call.answer_lost));
    assert_eq!(
        (log[0].id("newDeploymentId"), log[0].id("primaryDeploymentId")),
        (None, before.deployments()[0].id())
    );
    assert_eq!(log[1].id("newDeploymentId"), Some(id.as_str()));
    assert_eq!(log[2].outcome, CallOutcome::Refused("ClientException".to_owned()));
    let over_http =
        reqwest::get(format!("{}/_sim/log", wire.sim.endpoint())).await.unwrap().text().await.unwrap();
    let over_http: Vec<ecs_sim::LoggedCall> = serde_json::from_str(&over_http).unwrap();
    assert_eq!(over_http, log);
}

#[tokio::test]
async fn a_deployment_can_be_stopped_over_the_wire() {
    let mut config = crate::support::config(1);
    config.timing.start_grace = std::time::Duration::from_secs(2);
    let wire = Wire::with(config).await;
    wire.until_running(1).await;
    wire.deploy("good").await;
    let arn = wire.newest().await.service_deployment_arn.unwrap();
    let stop = wire.ecs.stop_service_deployment().service_deployment_arn(&arn);
    let answer = stop.clone().send().await.unwrap();
    assert_eq!(answer.service_deployment_arn(), Some(arn.as_str()));
    assert!(stop.send().await.unwrap_err().into_service_error().is_conflict_exception());
    wire.until_newest_is(ServiceDeploymentStatus::RollbackSuccessful).await;
}

#[tokio::test]
async fn a_service_is_created_and_deleted() {
    let wire = Wire::start(0).await;
    let create = wire
        .ecs
        .create_service()
        .cluster(CLUSTER)
        .service_name("other")
        .task_definition("web")
        .desired_count(1);
    let created = create.send().await.unwrap().service.unwrap();
    assert_eq!(created.deployments()[0].rollout_state(), Some(&DeploymentRolloutState::InProgress));
    assert_eq!(created.deployment_configuration().unwrap().maximum_percent(), Some(200));
    loop_until("it has a front port", async || wire.sim.front_url(CLUSTER, "other")).await;
    let delete = wire.ecs.delete_service().cluster(CLUSTER).service("other").force(true);
    assert_eq!(delete.send().await.unwrap().service().unwrap().status(), Some("DRAINING"));
    let update = wire.ecs.update_service().cluster(CLUSTER).service("other").desired_count(1).send().await;
    assert!(update.unwrap_err().into_service_error().is_service_not_active_exception());
    loop_until("it is INACTIVE", async || {
        let answer = wire.ecs.describe_services().cluster(CLUSTER).services("other").send().await.unwrap();
        (answer.services()[0].status() == Some("INACTIVE")).then_some(())
    })
    .await;
    let listed = wire.ecs.list_services().cluster(CLUSTER).send().await.unwrap();
    assert_eq!(listed.service_arns().len(), 1);
}
