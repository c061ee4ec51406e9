//! The queue and its dead-letter queue, as anybody with the SDK can use them: what is sent here is a message
//! as it would come from a workflow, and what was parked is read without taking it away.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::QueueAttributeName;
use lockstep_events::{CancelRequested, DeploymentId, Message, Requester, encode};

use crate::stage::Stage;

/// Both queues of a stage.
pub(crate) struct Mailbox {
    client: Client,
    queue: String,
    dead_letters: String,
}

/// A message in the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) body: String,
    /// Why, if a worker put it there; none if the queue itself did.
    pub(crate) reason: Option<String>,
    /// The id that the message had in the queue, if a worker put it there.
    pub(crate) original_id: Option<String>,
}

impl Mailbox {
    pub(crate) fn of(stage: &Stage) -> Self {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(sandbox::environment::REGION))
            .endpoint_url(stage.sandbox.sqs().endpoint())
            .credentials_provider(Credentials::new("sender", "sender", None, None, "sender"))
            .build();
        let queue = sandbox::settings::queue_url(&stage.sandbox.places().ports);
        let dead_letters = format!("{queue}-dead-letters");
        Self { client: Client::from_conf(config), queue, dead_letters }
    }

    /// Sends a message; its id.
    pub(crate) async fn send(&self, body: &str) -> String {
        let sent = self.client.send_message().queue_url(&self.queue).message_body(body).send().await.unwrap();
        sent.message_id.unwrap()
    }

    /// Sends the wish to cancel a deployment.
    pub(crate) async fn cancel(&self, id: DeploymentId, actor: &str, reason: &str) {
        let requester =
            Requester { actor: actor.to_owned(), workflow_run_id: None, workflow_run_attempt: None };
        let reason = Some(reason.parse().unwrap());
        let cancel = Message::CancelRequested(CancelRequested { id, requester, reason });
        self.send(&encode(&cancel)).await;
    }

    /// Waits until the queue holds nothing: no message that waits, is delayed or is being handled.
    pub(crate) async fn until_empty(&self, stage: &Stage) {
        stage.until("an empty queue", async || self.count(&self.queue).await == 0).await;
    }

    /// What is in the dead-letter queue, once it is this many messages.
    pub(crate) async fn parked(&self, stage: &Stage, count: usize) -> Vec<Parked> {
        let what = format!("{count} message(s) in the dead-letter queue");
        stage.until(&what, async || self.count(&self.dead_letters).await >= count).await;
        let mut parked = Vec::new();
        // Each stays hidden for a while once received, so that none comes twice in this row.
        loop {
            let receive = self.client.receive_message().queue_url(&self.dead_letters);
            let receive = receive.max_number_of_messages(10).visibility_timeout(20);
            let answer = receive.message_attribute_names("All").send().await.unwrap();
            let Some(messages) = answer.messages.filter(|messages| !messages.is_empty()) else { break };
            for message in messages {
                let attributes = message.message_attributes.unwrap_or_default();
                let attribute =
                    |name: &str| attributes.get(name).and_then(|value| value.string_value.clone());
                parked.push(Parked {
                    reason: attribute("reason"),
                    original_id: attribute("original-message-id"),
                    body: message.body.unwrap(),
                });
            }
        }
        assert_eq!(parked.len(), count, "{parked:#?}");
        parked
    }

    /// Makes a message that nobody deletes come back after this many seconds.
    pub(crate) async fn come_back_after(&self, seconds: u32) {
        let attributes = self.client.set_queue_attributes().queue_url(&self.queue);
        let attributes = attributes.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string());
        attributes.send().await.unwrap();
    }

    async fn count(&self, url: &str) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let get = self.client.get_queue_attributes().queue_url(url);
        let answer = get.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = answer.attributes.unwrap();
        names.iter().map(|name| attributes[name].parse::<usize>().unwrap()).sum()
    }
}
