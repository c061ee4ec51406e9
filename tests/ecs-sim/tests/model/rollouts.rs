//! Every way a rollout can go, in the model, under virtual time.

use crate::virtual_time::{Lab, configuration};
use ecs_sim::Knobs;
use ecs_sim::model::{
    BreakerStatus, DeploymentEventName, DeploymentStatus, RolloutState, ServiceChange,
    ServiceDeploymentStatus,
};

#[test]
fn start_before_stop_never_goes_below_what_is_wanted() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 2, configuration(100, 200, true));
    let old = lab.primary().id.clone();
    let target = lab.deploy("good2");
    let new = lab.primary().id.clone();
    assert_ne!(new, old);
    assert_eq!(lab.deployment(&old).unwrap().status, DeploymentStatus::Active);
    assert_eq!(lab.current().status, ServiceDeploymentStatus::Pending);

    lab.run_until("the rollout completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!(lab.fewest_running, 2);
    assert!(lab.most_live <= 4, "{}", lab.most_live);
    assert_eq!(lab.service().deployments.len(), 1, "the old deployment has left the list");
    assert_eq!(lab.service().task_definition, target);
    assert!(lab.live().iter().all(|task| task.deployment_id == new));
    let record = lab.current();
    assert_eq!(
        (record.status, record.breaker),
        (ServiceDeploymentStatus::Successful, BreakerStatus::MonitoringComplete)
    );
    assert_eq!((record.target.running, record.source.len()), (2, 1));
    assert_eq!(lab.primary().reason, format!("ECS deployment {new} completed."));
    assert_eq!(
        lab.messages()[..2],
        [
            "(service web) has reached a steady state.".to_owned(),
            format!("(service web) (deployment {new}) deployment completed.")
        ]
    );
}

#[test]
fn stop_before_start_never_has_two_tasks() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(0, 100, true));
    lab.deploy("good2");
    lab.run_until("the rollout completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!(lab.most_live, 1);
    assert_eq!(lab.fewest_running, 0);
    let old = lab.stopped()[0];
    let new = lab.live()[0];
    assert!(old.stopped_at.unwrap() <= new.created_at, "the new task began before the old one had stopped");
    assert_eq!(old.stop_code.as_deref(), Some("ServiceSchedulerInitiated"));
    let reason = format!("Scaling activity initiated by (deployment {})", new.deployment_id);
    assert_eq!(old.stopped_reason.as_deref(), Some(reason.as_str()));
}

#[test]
fn stopping_tasks_may_be_replaced_at_once_when_they_do_not_count() {
    let knobs = Knobs { stopping_tasks_fill_maximum: false, ..Knobs::default() };
    let mut lab = Lab::with_steady_service(knobs, 1, configuration(0, 100, true));
    lab.deploy("good2");
    lab.run_until("the rollout completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!(lab.most_live, 2);
}

#[test]
fn the_same_task_definition_makes_no_deployment_unless_forced() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    let before = lab.primary().id.clone();
    let same = lab.service().task_definition.clone();
    lab.update(ServiceChange { task_definition: Some(same.clone()), ..ServiceChange::default() }).unwrap();
    lab.run_for(1_000);
    assert_eq!(lab.primary().id, before);
    assert_eq!(lab.world.service_deployments.len(), 1);

    lab.update(ServiceChange { task_definition: Some(same), force: true, ..ServiceChange::default() })
        .unwrap();
    assert_ne!(lab.primary().id, before);
    assert_eq!(lab.world.service_deployments.len(), 2);
}

#[test]
fn draining_to_zero_and_back_is_no_deployment() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 2, configuration(100, 200, true));
    let id = lab.primary().id.clone();
    lab.scale(0);
    lab.run_until("nothing is left", |lab| lab.live().is_empty());
    lab.run_for(500);
    assert_eq!(lab.primary().rollout, RolloutState::Completed);
    lab.scale(2);
    lab.run_until("both are back", |lab| lab.running() == 2 && lab.service().steady);
    assert_eq!(lab.primary().id, id);
    assert_eq!(lab.world.service_deployments.len(), 1);
    assert!(lab.stopped().iter().all(|task| task.containers[0].exit_code == Some(143)));
}

#[test]
fn a_deployment_of_no_tasks_completes() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 0, configuration(100, 200, true));
    lab.deploy("crash");
    lab.run_until("it completes", |lab| lab.current().status == ServiceDeploymentStatus::Successful);
    assert!(lab.launched.is_empty());
}

#[test]
fn a_newer_deployment_stops_the_one_under_way() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    lab.deploy("good2");
    lab.run_for(100);
    let first = lab.current().arn.clone();
    lab.deploy("good3");
    assert_eq!(lab.world.service_deployments[&first].status, ServiceDeploymentStatus::StopRequested);
    lab.run_until("the first has stopped", |lab| {
        lab.world.service_deployments[&first].status == ServiceDeploymentStatus::Stopped
    });
    lab.run_until("the second completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!(lab.current().status, ServiceDeploymentStatus::Successful);
    assert!(lab.live()[0].task_definition.ends_with("web:3"));
    assert!(lab.world.service_deployments[&first].stopped_at.is_some());
}

#[test]
fn a_sixth_active_deployment_is_refused() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 100, false));
    for _ in 0..4 {
        lab.deploy("good");
    }
    let next = lab.register("good");
    let error =
        lab.update(ServiceChange { task_definition: Some(next), ..ServiceChange::default() }).unwrap_err();
    assert_eq!(error.kind, "InvalidParameterException");
    assert_eq!(error.message, "5 active deployments exist, unable to create new deployment.");
}

#[test]
fn an_inactive_task_definition_keeps_running_but_is_not_deployed_again() {
    let knobs = Knobs { deregister_lag_ms: 1_000, ..Knobs::default() };
    let mut lab = Lab::with_steady_service(knobs, 1, configuration(100, 200, true));
    let other = lab.register("good2");
    for arn in [lab.service().task_definition.clone(), other.clone()] {
        lab.act(|world, step| world.deregister_task_definition(step.now, &arn)).unwrap();
    }
    let change = ServiceChange { task_definition: Some(other), ..ServiceChange::default() };
    lab.update(change.clone()).unwrap();
    lab.run_for(2_000);
    let error = lab.update(change).unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        ("InvalidParameterException", "TaskDefinition is inactive")
    );
    assert_eq!(lab.running(), 1);
    lab.scale(2);
    lab.run_until("it still scales", |lab| lab.running() == 2);
}

#[test]
fn a_tag_is_resolved_once_when_the_deployment_is_created() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    let arn = lab.register_image("127.0.0.1:5000/good:latest");
    lab.update(ServiceChange { task_definition: Some(arn), ..ServiceChange::default() }).unwrap();
    assert_eq!(lab.current().status, ServiceDeploymentStatus::Pending);
    lab.run_until("it completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!(lab.launched.last().map(String::as_str), Some("127.0.0.1:5000/good@sha256:resolved"));
    let revision = &lab.world.revisions[&lab.primary().revision];
    assert_eq!(revision.images[0].digest.as_deref(), Some("sha256:resolved"));
}

#[test]
fn a_lost_host_is_replaced_and_is_nobodys_failed_task() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 2, configuration(100, 200, true));
    let id = lab.primary().id.clone();
    lab.restart();
    assert_eq!(lab.running(), 0);
    lab.run_until("both are back", |lab| lab.running() == 2);
    assert_eq!((lab.primary().id.as_str(), lab.primary().failed_tasks), (id.as_str(), 0));
    assert!(lab.stopped().iter().all(|task| task.stop_code.as_deref() == Some("TerminationNotice")));
}

#[test]
fn a_rollout_goes_on_after_a_restart() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    let arn = lab.register_image("127.0.0.1:5000/good:1.0");
    lab.update(ServiceChange { task_definition: Some(arn), ..ServiceChange::default() }).unwrap();
    lab.restart();
    lab.run_until("it completes", |lab| lab.current().status == ServiceDeploymentStatus::Successful);
    assert_eq!(lab.primary().failed_tasks, 0);
}

#[test]
fn every_rollout_is_announced() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    lab.announced.clear();
    lab.deploy("good2");
    let id = lab.primary().id.clone();
    lab.run_until("it completes", |lab| lab.primary().rollout == RolloutState::Completed);
    let said: Vec<_> = lab.announced.iter().map(|change| (change.name, change.reason.clone())).collect();
    assert_eq!(
        said,
        [
            (DeploymentEventName::InProgress, format!("ECS deployment {id} in progress.")),
            (DeploymentEventName::Completed, format!("ECS deployment {id} completed.")),
        ]
    );
    assert!(lab.announced.iter().all(|change| change.deployment_id == id));
}

#[test]
fn stopped_tasks_are_forgotten_after_the_retention_time_and_events_after_a_hundred() {
    let knobs = Knobs { stopped_task_retention_ms: 10_000, ..Knobs::default() };
    let mut lab = Lab::with_steady_service(knobs, 1, configuration(100, 200, false));
    lab.deploy("crash");
    lab.run_for(5_000);
    assert!(lab.messages().contains(&"(service web) is unable to consistently start tasks successfully."));
    lab.run_for(400_000);
    assert_eq!(lab.service().events.len(), 100);
    assert!(lab.stopped().len() <= 6, "{}", lab.stopped().len());
    assert!(lab.primary().failed_tasks > 50, "without a breaker it tries for ever");
    assert_eq!((lab.running(), lab.primary().rollout), (1, RolloutState::InProgress));
}
