//! Answers that dynoxide does not give on demand: a transaction that reports one failed condition of two, or none,
//! and an attribute of a type that nobody knows. A double answers them in DynamoDB's wire format (AWS JSON 1.0).

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::faults::FaultKind;
use lockstep::ports::{Opened, Store};
use serde_json::{Value, json};

use super::fixtures::{TABLE, beta, closing, new_id, opening, rejected};
use crate::support::{PATIENT, config, serve};

/// The reasons of a cancelled transaction, and the item that every read finds.
#[derive(Clone)]
struct Double {
    reasons: Value,
    item: Value,
}

async fn store(reasons: Value, item: Value) -> DynamoDbStore {
    let double = Double { reasons, item };
    let endpoint = serve(Router::new().route("/", post(reply)).with_state(double)).await;
    DynamoDbStore::new(aws_sdk_dynamodb::Client::new(&config(&endpoint, PATIENT)), TABLE.to_owned())
}

async fn reply(State(double): State<Double>, headers: HeaderMap) -> (StatusCode, String) {
    let operation = headers["x-amz-target"].to_str().unwrap();
    if operation.ends_with(".GetItem") {
        return (StatusCode::OK, json!({ "Item": double.item }).to_string());
    }
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": double.reasons,
    });
    (StatusCode::BAD_REQUEST, cancelled.to_string())
}

fn codes(codes: &[&str]) -> Value {
    codes.iter().map(|code| json!({ "Code": code })).collect()
}

#[tokio::test]
async fn a_lock_that_is_held_by_this_very_deployment_is_not_held_by_another() {
    let opening = opening(new_id(), 0);
    let lock = json!({ "holder": { "S": opening.entry.id.to_string() }, "token": { "N": "1" } });
    let reasons =
        json!([{ "Code": "None" }, { "Code": "ConditionalCheckFailed", "Item": lock }, { "Code": "None" }]);
    let opened = store(reasons, Value::Null).await.open(&opening).await.unwrap();
    assert_eq!(opened, Opened::LockMoved, "no record of it stands: it is tried again");
}

#[tokio::test]
async fn a_rejection_that_met_a_throttle_has_not_found_the_lock_moved() {
    let store = store(codes(&["None", "None", "ThrottlingError"]), Value::Null).await;
    let fault = store.reject(&rejected(new_id(), Some(new_id()))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled);
}

#[tokio::test]
async fn an_end_that_met_a_throttle_has_not_found_the_beta_taken() {
    let store = store(codes(&["None", "None", "ThrottlingError", "None"]), Value::Null).await;
    let mut closing = closing(new_id(), 1, 2);
    closing.beta = Some(beta(closing.entry.id, 'b', "2026-11-23T10:00:00Z"));
    let fault = store.close(&closing).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled);
}

#[tokio::test]
async fn an_attribute_of_a_type_that_nobody_knows_is_a_fault_that_names_it() {
    for strange in [json!({ "Z": "1" }), json!({ "M": { "deep": { "L": [{ "Z": "1" }] } } })] {
        let item = json!({
            "pk": { "S": "environment#shop#staging" }, "sk": { "S": "lock" }, "token": { "N": "1" }, "strange": strange,
        });
        let store = store(Value::Null, item).await;
        let commit = "a".repeat(40).parse().unwrap();
        let fault = store.image(&"shop".parse().unwrap(), &commit).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unintelligible);
        assert!(fault.message.contains("attribute strange: of a type"), "{fault}");
    }
}
