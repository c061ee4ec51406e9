//! What may arrive on the queue, and what each of it is taken for.

use lockstep_events::{DecodeError, Message, Target, decode, encode};

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn request() -> String {
    serde_json::json!({
        "lockstep": 1,
        "type": "deploy-requested",
        "body": {
            "id": ID,
            "application": "sample",
            "environment": "production",
            "target": { "kind": "beta", "tag": "0.1.0-abcdef0.beta" },
            "requester": { "actor": "octocat", "workflow_run_id": 7, "workflow_run_attempt": 1 },
            "requested_at": "2026-11-23T10:00:00Z"
        }
    })
    .to_string()
}

#[test]
fn a_request_survives_the_round_trip() {
    let message = decode(&request()).unwrap();
    let Message::DeployRequested(body) = &message else { panic!("{message:?}") };
    assert!(matches!(&body.target, Target::Beta { tag } if tag.release_version().to_string() == "0.1.0"));
    assert_eq!(decode(&encode(&message)).unwrap(), message);
}

#[test]
fn every_way_to_be_wrong_has_its_own_name() {
    assert!(matches!(decode("{"), Err(DecodeError::NotJson(_))));
    assert!(matches!(decode("[]"), Err(DecodeError::MissingField { field: "lockstep", .. })));
    assert!(matches!(decode("{\"lockstep\":1}"), Err(DecodeError::MissingField { field: "type", .. })));
    assert!(matches!(
        decode(&request().replace("\"lockstep\":1", "\"lockstep\":9")),
        Err(DecodeError::UnknownVersion { found: 9 })
    ));
    assert!(matches!(
        decode(&request().replace("deploy-requested", "deploy")),
        Err(DecodeError::UnknownType { found }) if found == "deploy"
    ));
    assert!(matches!(
        decode("{\"detail-type\":\"ECS Task State Change\"}"),
        Err(DecodeError::UnknownEventBridgeType { .. })
    ));
    // A misspelt override would be lost in silence if unknown fields were let through.
    let misspelt = request().replace("\"requested_at\"", "\"skip_basline\":\"x\",\"requested_at\"");
    let Err(DecodeError::InvalidBody { problem, .. }) = decode(&misspelt) else { panic!() };
    assert!(problem.contains("skip_basline"), "{problem}");
    let Err(DecodeError::InvalidBody { problem, .. }) = decode(&request().replace("0.1.0-", "v0.1.0-"))
    else {
        panic!()
    };
    assert!(problem.contains("beta tag"), "{problem}");
}

#[test]
fn an_event_as_aws_documents_it_is_understood() {
    // Field for field the example of the Amazon ECS Developer Guide, with other names.
    let event = serde_json::json!({
        "version": "0",
        "id": "ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "account": "111122223333",
        "time": "2020-05-23T12:31:14Z",
        "region": "us-west-2",
        "resources": ["arn:aws:ecs:us-west-2:111122223333:service/default/servicetest"],
        "detail": {
            "eventType": "ERROR",
            "eventName": "SERVICE_DEPLOYMENT_FAILED",
            "deploymentId": "ecs-svc/123",
            "updatedAt": "2020-05-23T11:11:11Z",
            "reason": "ECS deployment circuit breaker: task failed to start."
        }
    });
    let Message::EcsDeploymentStateChange(change) = decode(&event.to_string()).unwrap() else { panic!() };
    assert_eq!(change.service_arn().unwrap().rsplit('/').next(), Some("servicetest"));
    assert_eq!(change.detail.deployment_id, "ecs-svc/123");
    let later = event.to_string().replace("SERVICE_DEPLOYMENT_FAILED", "SERVICE_DEPLOYMENT_PAUSED");
    assert!(decode(&later).is_ok(), "a name that AWS adds later is still a hint");
}
