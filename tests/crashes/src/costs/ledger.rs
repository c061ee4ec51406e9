//! The ledger: every answered request by service and operation, with the capacity that the table says it consumed (DynamoDB
//! Developer Guide, "Read and write operations": a write unit is 1 KB, a strongly consistent read unit 4 KB, a transaction
//! counts twice). Must never count what a service did not answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

#[derive(Debug, Default)]
struct Entries {
    calls: BTreeMap<&'static str, BTreeMap<String, u64>>,
    write_units: f64,
    read_units: f64,
    empty_receives: u64,
    refused_writes: u64,
}

/// What a run cost so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Entries>>);

impl Ledger {
    /// Enters a request of so many bytes by its service and operation; gives its answer back.
    pub(crate) async fn enter(
        &self,
        (service, operation): (&'static str, String),
        sent: usize,
        answer: Response<Full<Bytes>>,
    ) -> Response<Full<Bytes>> {
        let (head, body) = answer.into_parts();
        let Ok(body) = body.collect().await;
        let body = body.to_bytes();
        self.count(service, &operation, sent, head.status, &body);
        Response::from_parts(head, Full::new(body))
    }

    fn count(&self, service: &'static str, operation: &str, sent: usize, status: StatusCode, body: &[u8]) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let called = match service {
            "SQS" | "DynamoDB" | "ECS" => operation.to_owned(),
            // The rest of the path names a commit, a tag or a run.
            _ => operation.split(' ').next().unwrap_or_default().to_owned(),
        };
        *entries.calls.entry(service).or_default().entry(called).or_default() += 1;
        match service {
            "SQS" if operation == "ReceiveMessage" => {
                let answer: Value = serde_json::from_slice(body).unwrap_or_default();
                entries.empty_receives += u64::from(answer["Messages"].as_array().is_none_or(Vec::is_empty));
            }
            "DynamoDB" => {
                // A refused write consumes as much as the item that refuses it (Developer Guide, "Write operation
                // consumption"); its answer does not say so, but what was sent is of about that size.
                let units = consumed(body).unwrap_or_else(|| kilobytes(sent));
                entries.refused_writes += u64::from(status != StatusCode::OK);
                match operation {
                    "GetItem" | "Query" | "Scan" => entries.read_units += units,
                    _ => entries.write_units += units,
                }
            }
            _ => {}
        }
    }

    /// The ledger as JSON.
    pub(crate) fn told(&self, name: &str, seconds: i64) -> Value {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "scenario": name,
            "seconds": seconds,
            "write_units": entries.write_units,
            "read_units": entries.read_units,
            "empty_receives": entries.empty_receives,
            "refused_writes": entries.refused_writes,
            "calls": entries.calls,
        })
    }
}

/// The capacity units of an answer: one number, or one for each table of a transaction.
fn consumed(body: &[u8]) -> Option<f64> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().map(|table| table["CapacityUnits"].as_f64()).sum(),
        table => table["CapacityUnits"].as_f64(),
    }
}

fn kilobytes(bytes: usize) -> f64 {
    u32::try_from(bytes.div_ceil(1024)).map_or(f64::INFINITY, f64::from)
}
