//! [`DeadLetters`] over the SQS API. Must never move messages by SQS's own redrive task: that takes all of them
//! and tells of none.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};

use super::attributes::{self, ORIGINAL_ID, REASON};
use super::queue::{CHANGE, DELETE, LONGEST_VISIBILITY, RECEIVE, SEND, delivery, seconds};
use crate::faults::Service;
use crate::faults::aws::classify;
use crate::ports::{Answer, DeadLetter, DeadLetters, Origin};

/// A long poll asks all of SQS's servers; a short one asks some of them, and an empty answer would then not
/// mean that nothing is left (SQS Developer Guide, "short and long polling").
const POLL_SECONDS: i32 = 1;

/// A dead-letter queue.
#[derive(Debug, Clone)]
pub struct SqsDeadLetters {
    client: Client,
    url: String,
    queue_url: String,
}

impl SqsDeadLetters {
    /// The dead-letter queue at this URL, of the queue at that one; nothing is called yet.
    #[must_use]
    pub fn new(client: Client, dead_letter_url: String, queue_url: String) -> Self {
        Self { client, url: dead_letter_url, queue_url }
    }
}

#[async_trait]
impl DeadLetters for SqsDeadLetters {
    async fn take(&self, hidden: Duration) -> Answer<Vec<DeadLetter>> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(POLL_SECONDS)
            .visibility_timeout(seconds(hidden, LONGEST_VISIBILITY))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SenderId)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, RECEIVE, &error))?;
        answer.messages.unwrap_or_default().into_iter().map(dead_letter).collect()
    }

    async fn send_again(&self, body: &str, origin: &Origin) -> Answer<()> {
        let message = self.client.send_message().queue_url(&self.queue_url).message_body(body);
        attributes::FIRST
            .write(message, origin)?
            .send()
            .await
            .map_err(|error| classify(Service::Sqs, SEND, &error))?;
        Ok(())
    }

    async fn give_back(&self, receipt: &str) -> Answer<()> {
        self.client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(0)
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
}

fn dead_letter(message: Message) -> Answer<DeadLetter> {
    let attribute = |name: &str| attributes::text(&message, name).map(str::to_owned);
    let fact = |name| message.attributes.as_ref()?.get(&name).map(String::as_str);
    let received =
        fact(MessageSystemAttributeName::ApproximateReceiveCount).and_then(|text| text.parse().ok());
    let (reason, original_id) = (attribute(REASON), attribute(ORIGINAL_ID));
    // An earlier version's parking did not say who had sent it: then that is not known.
    let parked_from = original_id.as_ref().map(|_| attributes::ORIGINAL.read(&message).unwrap_or_default());
    Ok(DeadLetter { delivery: delivery(message)?, reason, original_id, parked_from, received })
}
