//! Creates the queues for local use; elsewhere the infrastructure does. Must never purge or delete one.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;

/// Both queues keep messages as long as SQS can (14 days): on the way to the dead-letter queue a message's
/// age goes on counting from when it was first sent.
const RETENTION_SECONDS: u32 = 1_209_600;

/// Where the two queues are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    /// The queue that wakes the worker.
    pub queue: String,
    /// Where messages go that cannot be understood, or were received too often.
    pub dead_letter: String,
}

/// Creates the queue `name` and its dead-letter queue `<name>-dead-letters` unless they exist, and gives
/// them these settings either way: a message received `max_receive` times without being deleted goes to the
/// dead-letter queue, and one that is being worked on stays hidden for `visibility`.
///
/// # Errors
/// A [`Fault`]: of kind `Refused` when SQS does not take the name or a setting.
pub async fn create_queues(
    client: &Client,
    name: &str,
    max_receive: u32,
    visibility: Duration,
) -> Answer<QueueUrls> {
    let dead_letter = create(client, &format!("{name}-dead-letters")).await?;
    set(client, &dead_letter, &[(QueueAttributeName::MessageRetentionPeriod, RETENTION_SECONDS.to_string())])
        .await?;
    let redrive = serde_json::json!({
        "deadLetterTargetArn": arn(client, &dead_letter).await?,
        "maxReceiveCount": max_receive,
    });
    let queue = create(client, name).await?;
    set(
        client,
        &queue,
        &[
            (QueueAttributeName::MessageRetentionPeriod, RETENTION_SECONDS.to_string()),
            (QueueAttributeName::VisibilityTimeout, visibility.as_secs().to_string()),
            (QueueAttributeName::RedrivePolicy, redrive.to_string()),
        ],
    )
    .await?;
    Ok(QueueUrls { queue, dead_letter })
}

/// Without settings, because SQS refuses to "create" an existing queue with other ones.
async fn create(client: &Client, name: &str) -> Answer<String> {
    let answer = client
        .create_queue()
        .queue_name(name)
        .send()
        .await
        .map_err(|error| classify(Service::Sqs, "CreateQueue", &error))?;
    answer.queue_url.ok_or_else(|| unintelligible("CreateQueue", "no QueueUrl was returned"))
}

async fn set(client: &Client, url: &str, settings: &[(QueueAttributeName, String)]) -> Answer<()> {
    client
        .set_queue_attributes()
        .queue_url(url)
        .set_attributes(Some(settings.iter().cloned().collect()))
        .send()
        .await
        .map_err(|error| classify(Service::Sqs, "SetQueueAttributes", &error))?;
    Ok(())
}

async fn arn(client: &Client, url: &str) -> Answer<String> {
    let answer = client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .map_err(|error| classify(Service::Sqs, "GetQueueAttributes", &error))?;
    let arn = answer.attributes.and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.ok_or_else(|| unintelligible("GetQueueAttributes", "no QueueArn was returned"))
}

fn unintelligible(operation: &'static str, message: &str) -> Fault {
    Fault::new(Service::Sqs, operation, FaultKind::Unintelligible, message)
}
