//! EventBridge: "ECS Deployment State Change" events, delivered to an SQS queue as a rule would.
//!
//! At least once and in no guaranteed order is all that is promised; the knobs make use of that. A queue that
//! cannot be reached loses the event, which a client must survive too.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::SqsTarget;
use crate::knobs::KnobsHandle;
use crate::model::{Arns, DeploymentEventName, DeploymentStateChange, Millis};

/// How long an event is held back for a later one to overtake it.
const HELD_BACK: Duration = Duration::from_secs(1);

/// The event as EventBridge delivers it. [ECS developer guide, "Amazon ECS service deployment state change events"]
pub(crate) fn envelope(arns: &Arns, change: &DeploymentStateChange) -> Value {
    let (name, kind) = match change.name {
        DeploymentEventName::InProgress => ("SERVICE_DEPLOYMENT_IN_PROGRESS", "INFO"),
        DeploymentEventName::Completed => ("SERVICE_DEPLOYMENT_COMPLETED", "INFO"),
        DeploymentEventName::Failed => ("SERVICE_DEPLOYMENT_FAILED", "ERROR"),
    };
    let time = time(change.at);
    json!({
        "version": "0",
        "id": change.id,
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "account": arns.account_id,
        "time": time,
        "region": arns.region,
        "resources": [change.service_arn],
        "detail": {
            "eventType": kind,
            "eventName": name,
            "deploymentId": change.deployment_id,
            "updatedAt": time,
            "reason": change.reason,
        },
    })
}

/// EventBridge gives whole seconds.
fn time(at: Millis) -> String {
    let seconds = i64::try_from(at / 1_000).unwrap_or(0);
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// Delivers events until the sender is gone.
pub(crate) async fn deliver(
    target: SqsTarget,
    arns: Arns,
    knobs: KnobsHandle,
    mut events: UnboundedReceiver<DeploymentStateChange>,
) {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(target.region))
        .endpoint_url(target.endpoint)
        .credentials_provider(Credentials::new("simulator", "simulator", None, None, "ecs-sim"))
        .build();
    let queue = Queue { client: Client::from_conf(config), url: target.url };
    let mut held: Option<Value> = None;
    loop {
        let next = if held.is_some() {
            tokio::time::timeout(HELD_BACK, events.recv()).await
        } else {
            Ok(events.recv().await)
        };
        let event = match next {
            Ok(Some(change)) => envelope(&arns, &change),
            Ok(None) => break,
            Err(_) => {
                if let Some(held) = held.take() {
                    queue.send(&held).await;
                }
                continue;
            }
        };
        let knobs = knobs.get();
        if knobs.drop_events {
            continue;
        }
        if knobs.reorder_events && held.is_none() {
            held = Some(event);
            continue;
        }
        for event in std::iter::once(event).chain(held.take()) {
            queue.send(&event).await;
            if knobs.duplicate_events {
                queue.send(&event).await;
            }
        }
    }
    if let Some(held) = held {
        queue.send(&held).await;
    }
}

struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    async fn send(&self, event: &Value) {
        let sent =
            self.client.send_message().queue_url(&self.url).message_body(event.to_string()).send().await;
        if let Err(error) = sent {
            let error = aws_sdk_sqs::error::DisplayErrorContext(error);
            tracing::warn!(sqs.queue = self.url, %error, "an EventBridge event was not delivered");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::envelope;
    use crate::model::{Arns, DeploymentEventName, DeploymentStateChange};

    #[test]
    fn the_envelope_is_that_of_event_bridge() {
        let arns = Arns { region: "us-west-2".into(), account_id: "111122223333".into() };
        let change = DeploymentStateChange {
            id: "ddca6449-b258-46c0-8653-e0e3a6000000".into(),
            service_arn: arns.service("default", "web"),
            name: DeploymentEventName::Failed,
            deployment_id: "ecs-svc/123".into(),
            at: 1_590_237_074_999,
            reason: "ECS deployment circuit breaker: tasks failed to start.".into(),
        };
        assert_eq!(
            envelope(&arns, &change),
            json!({
                "version": "0",
                "id": "ddca6449-b258-46c0-8653-e0e3a6000000",
                "detail-type": "ECS Deployment State Change",
                "source": "aws.ecs",
                "account": "111122223333",
                "time": "2020-05-23T12:31:14Z",
                "region": "us-west-2",
                "resources": ["arn:aws:ecs:us-west-2:111122223333:service/default/web"],
                "detail": {
                    "eventType": "ERROR",
                    "eventName": "SERVICE_DEPLOYMENT_FAILED",
                    "deploymentId": "ecs-svc/123",
                    "updatedAt": "2020-05-23T12:31:14Z",
                    "reason": "ECS deployment circuit breaker: tasks failed to start.",
                },
            })
        );
    }
}
