//! Transactions that meet another writer at the same moment, which dynoxide never lets happen on demand: a
//! double answers as the test scripts, in DynamoDB's wire format (AWS JSON 1.0).

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::faults::FaultKind;
use lockstep::ports::{Opened, Store};
use serde_json::{Value, json};

use super::fixtures::{TABLE, new_id, opening};
use crate::support::{PATIENT, config, serve};

/// Why each item of a transaction was cancelled; no reason at all means that the transaction stands.
type Reasons = &'static [&'static str];

/// Answers the first call with the first script, and so on; the last one is kept for good.
#[derive(Clone)]
struct Double {
    script: &'static [Reasons],
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Double {
    fn new(script: &'static [Reasons]) -> Self {
        Self { script, asked: Arc::default() }
    }

    async fn store(&self) -> DynamoDbStore {
        let endpoint = serve(Router::new().route("/", post(reply)).with_state(self.clone())).await;
        DynamoDbStore::new(aws_sdk_dynamodb::Client::new(&config(&endpoint, PATIENT)), TABLE.to_owned())
    }

    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

async fn reply(State(double): State<Double>, body: String) -> (StatusCode, String) {
    let mut asked = double.asked.lock().unwrap();
    let reasons = double.script[asked.len().min(double.script.len() - 1)];
    asked.push(serde_json::from_str(&body).unwrap());
    if reasons.is_empty() {
        return (StatusCode::OK, "{}".to_owned());
    }
    let reasons: Vec<_> = reasons.iter().map(|code| json!({"Code": code})).collect();
    let cancelled = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled", "CancellationReasons": reasons,
    });
    (StatusCode::BAD_REQUEST, cancelled.to_string())
}

const CONFLICT: Reasons = &["None", "TransactionConflict", "None"];

#[tokio::test]
async fn a_transaction_that_met_another_writer_is_sent_again_as_it_was() {
    let double = Double::new(&[CONFLICT, CONFLICT, &[]]);
    assert_eq!(double.store().await.open(&opening(new_id(), 0)).await.unwrap(), Opened::Written);
    let asked = double.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0]["ClientRequestToken"].is_string(), "{asked:?}");
    assert!(asked.iter().all(|again| *again == asked[0]), "the same token and content: {asked:?}");
}

#[tokio::test]
async fn one_that_meets_others_again_and_again_is_contended() {
    let double = Double::new(&[CONFLICT]);
    let fault = double.store().await.open(&opening(new_id(), 0)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Contended);
    assert_eq!(double.asked().len(), 6, "once, and five times again");
}

#[tokio::test]
async fn a_failed_condition_or_a_throttle_is_answered_at_once() {
    let double = Double::new(&[&["None", "ConditionalCheckFailed", "TransactionConflict"]]);
    assert_eq!(double.store().await.open(&opening(new_id(), 0)).await.unwrap(), Opened::LockMoved);
    assert_eq!(double.asked().len(), 1);

    let double = Double::new(&[&["ThrottlingError", "None", "None"]]);
    let fault = double.store().await.open(&opening(new_id(), 0)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled);
    assert_eq!(double.asked().len(), 1);
}
