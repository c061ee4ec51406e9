//! What SQS answers, through the real SDK, and what becomes of a reason that goes into the dead-letter queue.

use std::time::Duration;

use fuzz_targets::{Answer, Connector, check_aws_fault, sqs};
use lockstep::adapters::sqs::SqsQueue;
use lockstep::faults::{Fault, Service};
use lockstep::ports::Queue;
use serde_json::Value;

use crate::{runtime, target};

#[test]
fn queue_answers() {
    let runtime = runtime();
    let connector = Connector::new();
    let queue = SqsQueue::new(
        sqs(&connector),
        "http://127.0.0.1:1/1/deploys".to_owned(),
        Some("http://127.0.0.1:1/1/dead".to_owned()),
    );
    target!("queue_answers", "queue", |answer: &Answer| {
        runtime.block_on(every_call(&connector, &queue, answer));
    });
}

async fn every_call(connector: &Connector, queue: &SqsQueue, answer: &Answer) {
    connector.set(answer);
    let deliveries = checked(queue.receive(10, Duration::ZERO).await).unwrap_or_default();
    checked(queue.send(&answer.text(), Duration::MAX).await);
    checked(queue.extend("receipt", Duration::MAX).await);
    checked(queue.delete("receipt").await);
    for delivery in deliveries.iter().take(3) {
        // Whatever came is parked as it came, with a reason that SQS takes.
        connector.set(answer);
        checked(queue.park(delivery, &delivery.body).await);
        let requests = connector.requests();
        let request: Value = serde_json::from_str(requests.last().unwrap()).unwrap();
        assert_eq!(request["MessageBody"], Value::String(delivery.body.clone()));
        let reason = request["MessageAttributes"]["reason"]["StringValue"].as_str().unwrap();
        assert!((1..=500).contains(&reason.chars().count()), "a reason of {} bytes", reason.len());
        assert!(!reason.chars().any(char::is_control), "{reason:?} cannot be an attribute");
    }
}

fn checked<T>(answer: Result<T, Fault>) -> Option<T> {
    answer.map_err(|fault| check_aws_fault(&fault, Service::Sqs)).ok()
}
