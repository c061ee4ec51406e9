//! [`Queue`] over the SQS API. Must never delete a message on its own account, and never read meaning into a
//! body.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Config;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use jiff::Timestamp;

use super::attributes::{self, ORIGINAL_ID, REASON, attribute, presentable};
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Delivery, Origin, Queue};

pub(super) const RECEIVE: &str = "ReceiveMessage";
pub(super) const SEND: &str = "SendMessage";
pub(super) const CHANGE: &str = "ChangeMessageVisibility";
pub(super) const DELETE: &str = "DeleteMessage";

/// SQS's limits (API reference: WaitTimeSeconds, DelaySeconds, VisibilityTimeout), in seconds.
const LONGEST_POLL: i32 = 20;
const LONGEST_DELAY: i32 = 900;
pub(super) const LONGEST_VISIBILITY: i32 = 43_200;

/// A queue and its dead-letter queue, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
    dead_letter_url: Option<String>,
}

impl SqsQueue {
    /// The queue at this URL; nothing is called yet. Without a dead-letter URL nothing can be parked.
    #[must_use]
    pub fn new(client: Client, queue_url: String, dead_letter_url: Option<String>) -> Self {
        Self { client, url: queue_url, dead_letter_url }
    }

    /// The client's settings with time for the long poll on top of the time for a call.
    fn patient(&self, poll: i32) -> aws_sdk_sqs::config::Builder {
        let poll = Duration::from_secs(poll.unsigned_abs().into());
        let mut settings = Config::builder();
        if let Some(timeouts) = self.client.config().timeout_config() {
            let mut longer = timeouts.to_builder();
            longer.set_operation_timeout(timeouts.operation_timeout().map(|timeout| timeout + poll));
            longer.set_operation_attempt_timeout(
                timeouts.operation_attempt_timeout().map(|timeout| timeout + poll),
            );
            longer.set_read_timeout(timeouts.read_timeout().map(|timeout| timeout + poll));
            settings = settings.timeout_config(longer.build());
        }
        settings
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn receive(&self, max: u32, wait: Duration) -> Answer<Vec<Delivery>> {
        let poll = seconds(wait, LONGEST_POLL);
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(i32::try_from(max.clamp(1, 10)).unwrap_or(1))
            .wait_time_seconds(poll)
            .message_system_attribute_names(MessageSystemAttributeName::SenderId)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names(attributes::FIRST.sender)
            .message_attribute_names(attributes::FIRST.sent_at)
            .customize()
            .config_override(self.patient(poll))
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, RECEIVE, &error))?;
        answer.messages.unwrap_or_default().into_iter().map(delivery).collect()
    }

    async fn send(&self, body: &str, delay: Duration) -> Answer<()> {
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .delay_seconds(seconds(delay, LONGEST_DELAY))
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, SEND, &error))?;
        Ok(())
    }

    async fn extend(&self, receipt: &str, visibility: Duration) -> Answer<()> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(seconds(visibility, LONGEST_VISIBILITY))
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, CHANGE, &error))?;
        Ok(())
    }

    async fn delete(&self, receipt: &str) -> Answer<()> {
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, DELETE, &error))?;
        Ok(())
    }

    // A body of the largest size that SQS takes has no room for the attributes: parking it is refused, and
    // the queue's redrive policy moves it as it is.
    async fn park(&self, delivery: &Delivery, reason: &str) -> Answer<()> {
        let url = self.dead_letter_url.as_deref().ok_or_else(|| {
            Fault::new(
                Service::Sqs,
                SEND,
                FaultKind::Refused,
                format!(
                    "message {} has nowhere to go: no dead-letter queue is configured",
                    delivery.message_id
                ),
            )
        })?;
        let vouched = Origin { sender: delivery.sender.clone(), sent_at: delivery.sent_at };
        let parked = self
            .client
            .send_message()
            .queue_url(url)
            .message_body(&delivery.body)
            .message_attributes(REASON, attribute(&presentable(reason))?)
            .message_attributes(ORIGINAL_ID, attribute(&delivery.message_id)?);
        let parked = attributes::ORIGINAL.write(parked, &vouched)?;
        let parked = match &delivery.origin {
            Some(origin) => attributes::FIRST.write(parked, origin)?,
            None => parked,
        };
        parked.send().await.map_err(|error| classify(Service::Sqs, SEND, &error))?;
        Ok(())
    }
}

pub(super) fn delivery(message: Message) -> Answer<Delivery> {
    let absent = |member: &str| {
        let message = format!("a message came without {member}");
        Fault::new(Service::Sqs, RECEIVE, FaultKind::Unintelligible, message)
    };
    let told = |name| message.attributes.as_ref()?.get(&name).cloned();
    // Milliseconds since 1970 (API reference: Message, Attributes).
    let sent_at = told(MessageSystemAttributeName::SentTimestamp)
        .and_then(|text| text.parse().ok())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    Ok(Delivery {
        origin: attributes::FIRST.read(&message),
        sender: told(MessageSystemAttributeName::SenderId),
        sent_at,
        message_id: message.message_id.ok_or_else(|| absent("MessageId"))?,
        body: message.body.ok_or_else(|| absent("Body"))?,
        receipt: message.receipt_handle.ok_or_else(|| absent("ReceiptHandle"))?,
    })
}

/// Whole seconds, rounded up: what is to wait for a lease must not come before its end.
pub(super) fn seconds(duration: Duration, longest: i32) -> i32 {
    let whole = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i32::try_from(whole).unwrap_or(longest).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_cut_to_what_sqs_takes() {
        assert_eq!(seconds(Duration::ZERO, LONGEST_DELAY), 0);
        assert_eq!(seconds(Duration::from_millis(1), LONGEST_DELAY), 1);
        assert_eq!(seconds(Duration::from_millis(30_001), LONGEST_DELAY), 31);
        assert_eq!(seconds(Duration::from_secs(901), LONGEST_DELAY), 900);
        assert_eq!(seconds(Duration::MAX - Duration::from_secs(1), LONGEST_POLL), 20);
    }
}
