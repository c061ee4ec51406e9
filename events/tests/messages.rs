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
fn the_end_of_a_build_survives_the_round_trip_and_carries_nothing_else() {
    let body = serde_json::json!({ "id": ID, "workflow_run_id": 42, "workflow_run_attempt": 1 });
    let text = serde_json::json!({ "lockstep": 1, "type": "build-finished", "body": body }).to_string();
    let message = decode(&text).unwrap();
    let Message::BuildFinished(finished) = &message else { panic!("{message:?}") };
    assert_eq!((finished.id.to_string().as_str(), finished.workflow_run_id), (ID, 42));
    assert_eq!(decode(&encode(&message)).unwrap(), message);
    for wrong in [
        text.replace("\"workflow_run_id\":42", "\"workflow_run_id\":-42"),
        text.replace(",\"workflow_run_id\":42", ""),
        text.replace("\"workflow_run_attempt\":1", "\"workflow_run_attempt\":1,\"conclusion\":\"success\""),
        text.replace(ID, "latest"),
    ] {
        let refused = decode(&wrong);
        assert!(
            matches!(refused, Err(DecodeError::InvalidBody { kind: "build-finished", .. })),
            "{refused:?}"
        );
    }
}
