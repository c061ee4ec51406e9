//! DynamoDB: dynoxide's engine in memory, called without its HTTP server. Must never interpret an item.

use std::fmt::Display;

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The table's name.
pub(crate) const TABLE: &str = "lockstep";

/// The table.
pub(crate) struct Table(Database);

impl Table {
    /// A table with these items, each as DynamoDB's JSON writes it.
    pub(crate) fn restore(items: &[Value]) -> Self {
        let table = Self(Database::memory().expect("SQLite opens in memory"));
        table.must("CreateTable", &json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" }, { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" }, { "AttributeName": "sk", "AttributeType": "S" },
            ],
        }));
        for item in items {
            table.must("PutItem", &json!({ "TableName": TABLE, "Item": item }));
        }
        table
    }

    /// Every item.
    pub(crate) fn items(&self) -> Vec<Value> {
        let mut all = self.must("Scan", &json!({ "TableName": TABLE }));
        assert!(all["LastEvaluatedKey"].is_null(), "a run's items fit one page");
        match all["Items"].take() {
            Value::Array(items) => items,
            other => panic!("a scan answered with {other}"),
        }
    }

    fn must(&self, operation: &str, request: &Value) -> Value {
        let (status, answer) = self.answer(operation, &request.to_string());
        assert_eq!(status, 200, "{operation}: {answer}");
        serde_json::from_str(&answer).expect("the engine writes JSON")
    }

    /// Answers a request: HTTP status and body.
    pub(crate) fn answer(&self, operation: &str, request: &str) -> (u16, String) {
        let db = &self.0;
        let request = &with_capacity(request);
        match operation {
            "CreateTable" => with(request, |request| db.create_table(request)),
            "GetItem" => with(request, |request| db.get_item(request)),
            "PutItem" => with(request, |request| db.put_item(request)),
            "Query" => with(request, |request| db.query(request)),
            "Scan" => with(request, |request| db.scan(request)),
            "TransactWriteItems" => with(request, |request| db.transact_write_items(request)),
            other => panic!("the table does not know {other}: teach it, and the list of known calls"),
        }
    }
}

/// The request, asking for what it consumes: the answer's `ConsumedCapacity` is what the costs are counted from, and nothing to
/// the worker.
fn with_capacity(request: &str) -> String {
    let mut request: Value = serde_json::from_str(request).expect("the SDK writes JSON");
    request["ReturnConsumedCapacity"] = json!("TOTAL");
    request.to_string()
}

fn with<Q: DeserializeOwned, A: Serialize>(
    request: &str,
    call: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> (u16, String) {
    let request = serde_json::from_str(request).unwrap_or_else(|error| panic!("{error}: {request}"));
    match call(request) {
        Ok(answer) => (200, text(serde_json::to_string(&answer))),
        Err(error) => (error.status_code(), error.to_json()),
    }
}

fn text<E: Display>(written: Result<String, E>) -> String {
    written.unwrap_or_else(|error| panic!("an answer that is no JSON: {error}"))
}
