//! The circuit breaker and StopServiceDeployment, in the model, under virtual time and every uncertain behaviour.

use crate::virtual_time::{Lab, configuration};
use ecs_sim::Knobs;
use ecs_sim::knobs::{BreakerWithoutTarget, RollbackPrimary, StopWhileRollingBack};
use ecs_sim::model::{
    BreakerStatus, DeploymentEventName, DeploymentStatus, RolloutState, ServiceChange,
    ServiceDeploymentStatus, StopType,
};
use serde_json::json;

const FAILED: &str = "ECS deployment circuit breaker: tasks failed to start.";

fn trip(lab: &mut Lab, kind: &str) -> (String, String) {
    lab.deploy(kind);
    let ours = lab.primary().id.clone();
    let record = lab.current().arn.clone();
    lab.run_until("the breaker trips", |lab| lab.current().breaker == BreakerStatus::Triggered);
    (ours, record)
}

fn rolls_back(rollback_primary: RollbackPrimary, kind: &str, desired: u32) {
    let knobs = Knobs { rollback_primary, ..Knobs::default() };
    let mut lab = Lab::with_steady_service(knobs, desired, configuration(100, 200, true));
    let old = lab.primary().id.clone();
    let old_definition = lab.service().task_definition.clone();
    lab.announced.clear();
    let (ours, record) = trip(&mut lab, kind);

    let back = lab.primary().clone();
    assert_eq!(back.task_definition, old_definition);
    assert_eq!(back.id == old, rollback_primary == RollbackPrimary::OldId);
    assert_ne!(back.id, ours);
    assert_eq!(back.rollout, RolloutState::InProgress);
    assert_eq!(
        back.reason,
        format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", back.id)
    );
    assert_eq!(lab.deployment(&ours).unwrap().status, DeploymentStatus::Active);
    assert_eq!(lab.current().arn, record, "a rollback is part of the service deployment that failed");
    assert_eq!(lab.current().status, ServiceDeploymentStatus::RollbackInProgress);

    lab.run_until("ours is FAILED", |lab| {
        lab.deployment(&ours).is_some_and(|d| d.rollout == RolloutState::Failed)
    });
    assert_eq!(lab.deployment(&ours).unwrap().reason, FAILED);
    lab.run_until("ours is gone and PRIMARY is COMPLETED", |lab| {
        lab.deployment(&ours).is_none() && lab.primary().rollout == RolloutState::Completed
    });
    assert_eq!(lab.fewest_running, desired as usize, "the old tasks served all the time");
    assert!(lab.live().iter().all(|task| task.task_definition == old_definition));
    let record = lab.current();
    assert_eq!(record.status, ServiceDeploymentStatus::RollbackSuccessful);
    assert_eq!((record.threshold, record.failure_count >= record.threshold), (3, true));
    let rollback = record.rollback.as_ref().unwrap();
    assert_eq!(
        rollback.reason,
        "Service deployment rolled back because the circuit breaker threshold was exceeded."
    );
    assert_eq!(rollback.revision, record.source[0].arn);
    assert_eq!(
        lab.announced.iter().map(|change| (change.name, change.deployment_id.as_str())).collect::<Vec<_>>(),
        [
            (DeploymentEventName::InProgress, ours.as_str()),
            (DeploymentEventName::Failed, ours.as_str()),
            (DeploymentEventName::InProgress, back.id.as_str()),
            (DeploymentEventName::Completed, back.id.as_str()),
        ]
    );
    let messages = lab.messages();
    let at = |text: String| messages.iter().position(|message| *message == text).unwrap();
    let failed = at(format!("(service web) (deployment {ours}) deployment failed: tasks failed to start."));
    let rolling = at(format!("(service web) rolling back to deployment {}.", back.id));
    assert_eq!(failed, rolling + 1, "newest first");
}

#[test]
fn a_crashing_task_definition_is_rolled_back_to_a_new_deployment() {
    rolls_back(RollbackPrimary::NewId, "crash", 1);
    rolls_back(RollbackPrimary::NewId, "crash", 3);
}

#[test]
fn a_crashing_task_definition_is_rolled_back_to_the_old_deployment() {
    rolls_back(RollbackPrimary::OldId, "crash", 1);
    rolls_back(RollbackPrimary::OldId, "late-crash", 2);
}

#[test]
fn an_image_that_is_gone_trips_the_breaker_too() {
    rolls_back(RollbackPrimary::NewId, "gone", 1);
}

#[test]
fn stop_before_start_goes_back_by_starting_the_old_one_again() {
    for rollback_primary in [RollbackPrimary::NewId, RollbackPrimary::OldId] {
        let knobs = Knobs { rollback_primary, ..Knobs::default() };
        let mut lab = Lab::with_steady_service(knobs, 1, configuration(0, 100, true));
        let (old, definition) = (lab.primary().id.clone(), lab.service().task_definition.clone());
        let (ours, _) = trip(&mut lab, "crash");
        lab.run_until("it is back", |lab| {
            lab.current().status == ServiceDeploymentStatus::RollbackSuccessful
        });
        assert_eq!(lab.most_live, 1);
        assert_eq!(lab.live()[0].task_definition, definition);
        assert_eq!(lab.primary().id == old, rollback_primary == RollbackPrimary::OldId);
        let failed: Vec<_> = lab.stopped().into_iter().filter(|task| task.deployment_id == ours).collect();
        assert_eq!(failed.len(), 3);
        for task in failed {
            assert_eq!(task.stop_code.as_deref(), Some("EssentialContainerExited"));
            assert_eq!(task.stopped_reason.as_deref(), Some("Essential container in task exited"));
            assert_eq!(task.containers[0].exit_code, Some(3));
        }
    }
}

#[test]
fn crashes_after_the_start_may_escape_the_breaker() {
    let knobs = Knobs { breaker_counts_crashes_after_start: false, ..Knobs::default() };
    let mut lab = Lab::with_steady_service(knobs, 1, configuration(0, 100, true));
    lab.deploy("late-crash");
    lab.run_for(120_000);
    assert_eq!((lab.primary().failed_tasks, lab.primary().rollout), (0, RolloutState::InProgress));
    assert_eq!(lab.current().status, ServiceDeploymentStatus::InProgress);
    assert!(lab.launched.len() > 10);
}

#[test]
fn without_a_completed_deployment_it_stalls_or_fails() {
    for (knob, rollout, status) in [
        (BreakerWithoutTarget::Stalls, RolloutState::Failed, ServiceDeploymentStatus::InProgress),
        (BreakerWithoutTarget::StallsSilently, RolloutState::InProgress, ServiceDeploymentStatus::InProgress),
        (
            BreakerWithoutTarget::FailsDeployment,
            RolloutState::Failed,
            ServiceDeploymentStatus::RollbackFailed,
        ),
    ] {
        let mut lab = Lab::new(Knobs { breaker_without_target: knob, ..Knobs::default() });
        lab.create_service("crash", 1, configuration(100, 200, true));
        let id = lab.primary().id.clone();
        lab.run_until("the breaker trips", |lab| lab.current().breaker == BreakerStatus::Triggered);
        let launched = lab.launched.len();
        lab.run_for(60_000);
        assert_eq!(lab.launched.len(), launched, "{knob:?}: no task is started any more");
        assert_eq!((lab.primary().id.as_str(), lab.primary().rollout), (id.as_str(), rollout), "{knob:?}");
        assert_eq!(lab.current().status, status, "{knob:?}");
        assert!(lab.current().rollback.is_none());
        // A good task definition gets it going again.
        lab.deploy("good");
        lab.run_until("it recovers", |lab| lab.primary().rollout == RolloutState::Completed);
        assert_eq!(lab.running(), 1);
    }
}

#[test]
fn without_rollback_the_deployment_just_fails() {
    let settings = json!({ "deploymentCircuitBreaker": { "enable": true, "rollback": false } });
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, settings);
    let (ours, _) = trip(&mut lab, "crash");
    lab.run_for(10_000);
    assert_eq!((lab.primary().id.as_str(), lab.primary().rollout), (ours.as_str(), RolloutState::Failed));
    assert_eq!(lab.primary().reason, FAILED);
    assert_eq!(lab.current().status, ServiceDeploymentStatus::Stopped);
    assert!(lab.current().stopped_at.is_some());
    assert_eq!(lab.running(), 1, "the old task still serves");
    lab.scale(0);
    lab.run_until("the service is drained all the same", |lab| lab.live().is_empty());
}

#[test]
fn a_rollback_that_fails_too_ends_in_rollback_failed() {
    for rollback_primary in [RollbackPrimary::NewId, RollbackPrimary::OldId] {
        let knobs = Knobs { rollback_primary, ..Knobs::default() };
        let mut lab = Lab::with_steady_service(knobs, 1, configuration(0, 100, true));
        let good = lab.service().task_definition.clone();
        // The good image disappears from the registry.
        let content = &mut lab.world.task_definitions.get_mut(&good).unwrap().content;
        content["containerDefinitions"][0]["image"] = json!("127.0.0.1:5000/gone@sha256:gone");
        lab.world.revisions.values_mut().for_each(|revision| revision.images.clear());
        trip(&mut lab, "crash");
        lab.run_until("it fails", |lab| lab.current().status == ServiceDeploymentStatus::RollbackFailed);
        lab.run_for(10_000);
        assert_eq!((lab.running(), lab.primary().rollout), (0, RolloutState::Failed));
        assert_eq!(lab.service().task_definition, good);
    }
}

#[test]
fn a_steady_task_forgives_the_failures_before_it() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(0, 100, true));
    lab.deploy("crash");
    lab.run_until("two failures", |lab| lab.primary().failed_tasks == 2);
    // The cause goes away by itself.
    let definition = lab.service().task_definition.clone();
    let content = &mut lab.world.task_definitions.get_mut(&definition).unwrap().content;
    content["containerDefinitions"][0]["image"] = json!("127.0.0.1:5000/good@sha256:good");
    lab.world.revisions.values_mut().for_each(|revision| revision.images.clear());
    lab.run_until("it completes", |lab| lab.primary().rollout == RolloutState::Completed);
    assert_eq!((lab.primary().failed_tasks, lab.current().failure_count), (0, 0));
}

#[test]
fn a_deployment_can_be_stopped_and_goes_back() {
    for rollback_primary in [RollbackPrimary::NewId, RollbackPrimary::OldId] {
        let knobs = Knobs { rollback_primary, ..Knobs::default() };
        let mut lab = Lab::with_steady_service(knobs, 1, configuration(100, 200, false));
        let old_definition = lab.service().task_definition.clone();
        lab.deploy("good2");
        let (ours, record) = (lab.primary().id.clone(), lab.current().arn.clone());
        lab.run_for(100);
        lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Rollback)).unwrap();
        assert_eq!(lab.current().status, ServiceDeploymentStatus::RollbackRequested);
        lab.run_for(10);
        assert_eq!(lab.current().status, ServiceDeploymentStatus::RollbackInProgress);

        let again = lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Rollback));
        assert_eq!(again.unwrap_err().kind, "ConflictException");
        lab.knobs.stop_while_rolling_back = StopWhileRollingBack::Continues;
        lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Rollback)).unwrap();

        lab.run_until("it is back", |lab| {
            lab.current().status == ServiceDeploymentStatus::RollbackSuccessful
        });
        assert_eq!(lab.service().task_definition, old_definition);
        assert_eq!(lab.fewest_running, 1);
        lab.run_until("ours is gone", |lab| lab.deployment(&ours).is_none());
        let late = lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Rollback));
        assert_eq!(late.unwrap_err().kind, "ConflictException");
    }
}

#[test]
fn a_deployment_that_succeeded_or_is_unknown_cannot_be_stopped() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    let done = lab.current().arn.clone();
    for stop in [StopType::Rollback, StopType::Abort] {
        let refused = lab.act(|world, step| world.stop_service_deployment(step, &done, stop)).unwrap_err();
        assert_eq!(refused.kind, "ConflictException");
    }
    let unknown =
        lab.act(|world, step| world.stop_service_deployment(step, "arn:x", StopType::Abort)).unwrap_err();
    assert_eq!(unknown.kind, "ServiceDeploymentNotFoundException");
}

#[test]
fn a_first_deployment_has_nothing_to_go_back_to_but_can_be_aborted() {
    let mut lab = Lab::new(Knobs::default());
    lab.create_service("good", 1, configuration(100, 200, true));
    let record = lab.current().arn.clone();
    let refused =
        lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Rollback)).unwrap_err();
    assert_eq!(refused.kind, "InvalidParameterException");
    lab.act(|world, step| world.stop_service_deployment(step, &record, StopType::Abort)).unwrap();
    lab.run_until("it stops", |lab| lab.current().status == ServiceDeploymentStatus::Stopped);
    assert_eq!(lab.primary().rollout, RolloutState::Failed);
}

#[test]
fn a_newer_deployment_supersedes_a_rollback() {
    let mut lab = Lab::with_steady_service(Knobs::default(), 1, configuration(100, 200, true));
    let (_, record) = trip(&mut lab, "crash");
    let good = lab.register("good3");
    lab.update(ServiceChange { task_definition: Some(good.clone()), ..ServiceChange::default() }).unwrap();
    lab.run_until("the newer one completes", |lab| {
        lab.current().status == ServiceDeploymentStatus::Successful
    });
    assert_ne!(lab.current().arn, record);
    assert_eq!(lab.world.service_deployments[&record].status, ServiceDeploymentStatus::Stopped);
    assert_eq!(lab.live()[0].task_definition, good);
}
