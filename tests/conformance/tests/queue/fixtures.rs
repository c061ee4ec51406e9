//! A queue with its dead-letter queue. Must never be shared between two rules.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::receive_message::builders::ReceiveMessageFluentBuilder;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use conformance::{Broken, Verdict, sdk_config};
use lockstep::adapters::sqs::{QueueUrls, SqsQueue, create_queues};
use lockstep::ports::{Delivery, Queue};

/// Longer than any rule takes, so that nothing comes again unasked.
pub const HIDDEN: Duration = Duration::from_secs(120);

/// How often a message may be received.
pub const MAX_RECEIVE: u32 = 3;

/// The longest wait for something that must come; each look is a long poll.
const PATIENCE: Duration = Duration::from_secs(40);

/// Both queues, bare and as the worker sees them.
#[derive(Clone)]
pub struct Place {
    pub client: Client,
    pub name: String,
    pub urls: QueueUrls,
    pub queue: SqsQueue,
    pub dead_letters: SqsQueue,
}

impl Place {
    pub async fn create(endpoint: &str) -> Self {
        let client = Client::new(&sdk_config(endpoint));
        let name = format!("conformance-{}", uuid::Uuid::now_v7());
        let urls = create_queues(&client, &name, MAX_RECEIVE, HIDDEN).await.unwrap();
        let queue = SqsQueue::new(client.clone(), urls.queue.clone(), Some(urls.dead_letter.clone()));
        let dead_letters = SqsQueue::new(client.clone(), urls.dead_letter.clone(), None);
        Self { client, name, urls, queue, dead_letters }
    }

    pub fn sending(&self, body: &str) -> SendMessageFluentBuilder {
        self.client.send_message().queue_url(&self.urls.queue).message_body(body)
    }

    pub fn receiving(&self) -> ReceiveMessageFluentBuilder {
        self.client.receive_message().queue_url(&self.urls.queue)
    }

    /// The next message.
    pub async fn next(&self) -> Result<Delivery, Broken> {
        next_of(&self.queue).await
    }

    /// Fails if a message can be received now.
    pub async fn shows_nothing(&self, why: &str) -> Verdict {
        let received = self.queue.receive(10, Duration::from_secs(1)).await?;
        Broken::unless(received.is_empty(), || format!("{why}: received {received:?}"))
    }
}

/// The next message of a queue; some stand-ins answer a poll a moment too early.
pub async fn next_of(queue: &SqsQueue) -> Result<Delivery, Broken> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(delivery) = queue.receive(1, Duration::from_secs(5)).await?.pop() {
            return Ok(delivery);
        }
    }
    Err(Broken("a message that was due did not come".to_owned()))
}

/// Fails unless the service itself refused the call, with one of these codes.
pub fn refused<T, E>(what: &str, outcome: Result<T, SdkError<E>>, codes: &[&str]) -> Verdict
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match outcome {
        Ok(_) => Err(Broken(format!("{what}: taken"))),
        Err(error) => {
            let found = error.as_service_error().and_then(|e| e.code()).unwrap_or("no code").to_owned();
            // The query protocol's names, which the model keeps beside the JSON protocol's: AWS.SimpleQueueService.X.
            let short = found.rsplit(['.', '#']).next().unwrap_or_default();
            Broken::unless(codes.contains(&short), || format!("{what}: found {found}, expected {codes:?}"))
        }
    }
}
