//! ECS's deployment events in the shapes that AWS documents (Amazon ECS Developer Guide, "Amazon ECS service deployment
//! state change events"), with values of our own, and what may be missing from one or in it besides.

use lockstep_events::{
    DecodeError, EcsDeploymentEventName, EcsDeploymentStateChange, Message, decode, encode,
};
use serde_json::Value;

const SERVICE: &str = "arn:aws:ecs:eu-central-1:210987654321:service/shop-staging/shop";
const ROLLOUT: &str = "ecs-svc/4410987654321098765";

const IN_PROGRESS: &str = include_str!("samples/in-progress.json");
const ROLLBACK: &str = include_str!("samples/rollback-in-progress.json");
const COMPLETED: &str = include_str!("samples/completed.json");
const FAILED: &str = include_str!("samples/failed.json");
const MORE: &str = include_str!("samples/with-more-fields.json");
const FEWER: &str = include_str!("samples/with-fewer-fields.json");

fn change(text: &str) -> EcsDeploymentStateChange {
    match decode(text).unwrap() {
        Message::EcsDeploymentStateChange(change) => change,
        other => panic!("{other:?}"),
    }
}

/// The sample without one of its fields, such as `/detail/reason`.
fn without(text: &str, pointer: &str) -> String {
    let mut event: Value = serde_json::from_str(text).unwrap();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(field).expect("the sample has the field");
    event.to_string()
}

#[test]
fn every_documented_event_is_understood() {
    for (text, kind, name, words) in [
        (IN_PROGRESS, "INFO", EcsDeploymentEventName::InProgress, "in progress"),
        (ROLLBACK, "INFO", EcsDeploymentEventName::InProgress, "rolling back to"),
        (COMPLETED, "INFO", EcsDeploymentEventName::Completed, "completed"),
        (FAILED, "ERROR", EcsDeploymentEventName::Failed, "circuit breaker"),
    ] {
        let event = change(text);
        assert_eq!((event.service_arn(), event.rollout()), (Some(SERVICE), Some(ROLLOUT)));
        assert_eq!((event.detail.event_type.as_str(), &event.detail.event_name), (kind, &name));
        assert!(event.detail.reason.contains(words), "{}", event.detail.reason);
        assert!(event.detail.updated_at.unwrap() <= event.time);
    }
}

#[test]
fn a_documented_event_is_written_as_it_was_read() {
    for text in [IN_PROGRESS, ROLLBACK, COMPLETED, FAILED] {
        let written = encode(&Message::EcsDeploymentStateChange(change(text)));
        let (written, read): (Value, Value) =
            (serde_json::from_str(&written).unwrap(), serde_json::from_str(text).unwrap());
        assert_eq!(written, read);
    }
}

#[test]
fn what_aws_adds_later_is_no_obstacle() {
    let event = change(MORE);
    assert_eq!((event.service_arn(), event.rollout()), (Some(SERVICE), Some(ROLLOUT)));
    let later = COMPLETED.replace("SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_PAUSED");
    let name = EcsDeploymentEventName::Other("SERVICE_DEPLOYMENT_PAUSED".to_owned());
    assert_eq!(change(&later).detail.event_name, name, "still a hint");
}

#[test]
fn what_only_people_read_may_be_missing() {
    let event = change(FEWER);
    assert_eq!((event.service_arn(), event.rollout()), (Some(SERVICE), None));
    assert_eq!(event.detail.event_name, EcsDeploymentEventName::Completed);
    for field in ["eventType", "deploymentId", "updatedAt", "reason"] {
        assert_eq!(change(&without(FAILED, &format!("/detail/{field}"))).service_arn(), Some(SERVICE));
    }
}

#[test]
fn what_every_event_has_must_be_there() {
    for pointer in ["/id", "/account", "/region", "/time", "/resources", "/detail", "/detail/eventName"] {
        let refused = decode(&without(COMPLETED, pointer));
        let field = pointer.rsplit('/').next().unwrap();
        let Err(DecodeError::InvalidBody { problem, .. }) = refused else { panic!("{refused:?}") };
        assert!(problem.contains(field), "{problem}");
    }
    let nobody = COMPLETED.replace(&format!("\"{SERVICE}\""), "");
    assert_eq!(change(&nobody).service_arn(), None, "it names no service");
}
