//! What ECS answers, through the real SDK. A refusal is never taken for a success, and what cannot be
//! understood is a fault that says so.

use std::collections::BTreeMap;

use fuzz_targets::{Answer, Connector, check_aws_fault, ecs};
use jiff::Timestamp;
use lockstep::adapters::ecs::EcsCluster;
use lockstep::faults::{Fault, Service};
use lockstep::ports::{Cluster, Marks, RolloutStatus, ServiceRef, UpdateService};

use crate::{runtime, target};

const ARN: &str = "arn:aws:ecs:eu-central-1:111122223333:task-definition/app:7";

#[test]
fn ecs_answers() {
    let runtime = runtime();
    let connector = Connector::new();
    let cluster = EcsCluster::new(ecs(&connector));
    target!("ecs_answers", "ecs", |answer: &Answer| {
        runtime.block_on(every_call(&connector, &cluster, answer));
    });
}

async fn every_call(connector: &Connector, cluster: &EcsCluster, answer: &Answer) {
    let service = ServiceRef { cluster: "main".to_owned(), service: "app".to_owned() };
    let marks: Marks = BTreeMap::from([("lockstep:deployment".to_owned(), "d".to_owned())]);
    let refused = answer.status.is_none_or(|status| status >= 300);
    connector.set(answer);
    if let Some(view) = checked(cluster.service(&service).await).flatten() {
        assert!(!refused, "a refusal was taken for {view:?}");
        assert!(view.events.len() <= 20, "{} events are kept", view.events.len());
    }
    connector.set(answer);
    checked(cluster.task_definition(ARN).await);
    connector.set(answer);
    checked(cluster.find_marked("app", &marks, 3).await);
    connector.set(answer);
    if let Some(arn) = checked(cluster.register_from(ARN, Some(("app", "host/app@sha256:1")), &marks).await) {
        assert!(!refused && !arn.is_empty(), "a revision without a name, or from a refusal");
        let registrations =
            connector.requests().iter().filter(|body| body.contains("containerDefinitions")).count();
        assert_eq!(registrations, 1, "registering is not idempotent, so it is sent once");
    }
    connector.set(answer);
    let retired = checked(cluster.deregister(ARN).await);
    assert!(retired.is_none() || !refused || connector.requests().len() > 1, "a refusal passed for done");
    connector.set(answer);
    let update = UpdateService { task_definition: Some(ARN.to_owned()), desired: Some(2) };
    if let Some(updated) = checked(cluster.update(&service, &update).await) {
        assert!(!refused && !updated.primary.is_empty(), "{updated:?}");
    }
    let sent = connector.requests();
    assert_eq!(sent.len(), 1, "an update is sent once");
    assert!(!sent[0].contains("forceNewDeployment"), "{}", sent[0]);
    connector.set(answer);
    for rollout in checked(cluster.rollouts(&service, Timestamp::MIN).await).unwrap_or_default() {
        if rollout.status == RolloutStatus::Successful {
            assert!(answer.text().contains("SUCCESSFUL"), "success that ECS never said: {rollout:?}");
        }
    }
    connector.set(answer);
    checked(cluster.tasks(&service).await);
}

fn checked<T>(answer: Result<T, Fault>) -> Option<T> {
    answer.map_err(|fault| check_aws_fault(&fault, Service::Ecs)).ok()
}
