//! The queue adapter against rustack's SQS.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use lockstep::adapters::sqs::{QueueUrls, SqsDeadLetters, SqsQueue, create_queues};
use lockstep::faults::FaultKind;
use lockstep::ports::{DeadLetter, DeadLetters as _, Delivery, Origin, Queue};
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::dispatch::dispatch_operation;
use rustack_sqs_http::response::error_to_response;
use rustack_sqs_http::router::resolve_operation;

use super::support::{PATIENT, config, serve};

async fn answer(State(handler): State<Arc<RustackSqsHandler>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let answer = match resolve_operation(&head.headers) {
        Ok(operation) => dispatch_operation(handler.as_ref(), operation, body).await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| error_to_response(&error, "1")).map(Body::new)
}

pub(crate) async fn client(call_timeout: Duration) -> Client {
    let handler = Arc::new(RustackSqsHandler::new(Arc::new(RustackSqs::new(SqsConfig {
        skip_signature_validation: true,
        default_region: "eu-west-1".to_owned(),
        account_id: "000000000000".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: 1,
    }))));
    let router = Router::new().route("/", post(answer)).route("/{*queue}", post(answer)).with_state(handler);
    Client::new(&config(&serve(router).await, call_timeout))
}

async fn queue(max_receive: u32, visibility: Duration) -> (SqsQueue, Client, QueueUrls) {
    let client = client(PATIENT).await;
    let urls = create_queues(&client, "wake-ups", max_receive, visibility).await.unwrap();
    let queue = SqsQueue::new(client.clone(), urls.queue.clone(), Some(urls.dead_letter.clone()));
    (queue, client, urls)
}

/// The next message; deadlines are those of the receive call.
async fn one(queue: &SqsQueue) -> Delivery {
    let mut received = queue.receive(1, Duration::from_secs(10)).await.unwrap();
    assert_eq!(received.len(), 1, "a message was due");
    received.remove(0)
}

#[tokio::test]
async fn queues_are_created_once_and_given_their_settings_again() {
    let (_, client, urls) = queue(3, Duration::from_secs(30)).await;
    let again = create_queues(&client, "wake-ups", 5, Duration::from_secs(60)).await.unwrap();
    assert_eq!(again, urls);
    assert!(urls.dead_letter.ends_with("/wake-ups-dead-letters"), "{urls:?}");
    let answer = client
        .get_queue_attributes()
        .queue_url(&urls.queue)
        .attribute_names(QueueAttributeName::All)
        .send()
        .await
        .unwrap();
    let attributes = answer.attributes.unwrap();
    assert_eq!(attributes[&QueueAttributeName::VisibilityTimeout], "60");
    let redrive: serde_json::Value =
        serde_json::from_str(&attributes[&QueueAttributeName::RedrivePolicy]).unwrap();
    assert_eq!(redrive["maxReceiveCount"].to_string().trim_matches('"'), "5");
    assert!(redrive["deadLetterTargetArn"].as_str().unwrap().ends_with(":wake-ups-dead-letters"));
}

#[tokio::test]
async fn a_message_is_received_and_deleted_even_twice() {
    let (queue, ..) = queue(3, Duration::from_secs(30)).await;
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), []);
    queue.send(r#"{"a":1}"#, Duration::ZERO).await.unwrap();
    let delivery = one(&queue).await;
    assert_eq!(delivery.body, r#"{"a":1}"#);
    assert!(delivery.sender.is_some_and(|sender| !sender.is_empty()), "the queue vouches for a sender");
    assert!(delivery.sent_at.is_some_and(|at| at.as_second() > 1_700_000_000), "by the queue's clock");
    queue.delete(&delivery.receipt).await.unwrap();
    queue.delete(&delivery.receipt).await.unwrap();
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), []);
}

#[tokio::test]
async fn a_delayed_message_is_not_there_at_once() {
    let (queue, ..) = queue(3, Duration::from_secs(30)).await;
    // Cut to what SQS takes, 15 minutes.
    queue.send("much later", Duration::from_secs(100_000)).await.unwrap();
    queue.send("later", Duration::from_millis(1500)).await.unwrap();
    assert_eq!(one(&queue).await.body, "later");
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), []);
}

#[tokio::test]
async fn a_message_given_back_comes_again() {
    let (queue, ..) = queue(3, Duration::from_secs(30)).await;
    queue.send("again", Duration::ZERO).await.unwrap();
    let first = one(&queue).await;
    queue.extend(&first.receipt, Duration::from_secs(600)).await.unwrap();
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), [], "hidden");
    queue.extend(&first.receipt, Duration::ZERO).await.unwrap();
    let second = one(&queue).await;
    assert_eq!(second.message_id, first.message_id);
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letters() {
    let (queue, client, urls) = queue(1, Duration::from_secs(30)).await;
    queue.send("poison", Duration::ZERO).await.unwrap();
    let delivery = one(&queue).await;
    queue.extend(&delivery.receipt, Duration::ZERO).await.unwrap();
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), []);
    let dead_letters = SqsQueue::new(client, urls.dead_letter, None);
    assert_eq!(one(&dead_letters).await.body, "poison");
}

#[tokio::test]
async fn a_parked_message_says_why_and_which() {
    let (queue, client, urls) = queue(3, Duration::from_secs(30)).await;
    queue.send("{broken", Duration::ZERO).await.unwrap();
    let delivery = one(&queue).await;
    queue.park(&delivery, "not JSON:\nEOF").await.unwrap();
    let parked = client
        .receive_message()
        .queue_url(&urls.dead_letter)
        .message_attribute_names("All")
        .send()
        .await
        .unwrap()
        .messages
        .unwrap()
        .remove(0);
    assert_eq!(parked.body(), Some("{broken"));
    let attributes = parked.message_attributes.unwrap();
    assert_eq!(attributes["reason"].string_value(), Some("not JSON: EOF"));
    assert_eq!(attributes["original-message-id"].string_value(), Some(delivery.message_id.as_str()));
    assert_eq!(attributes["original-sender"].string_value(), delivery.sender.as_deref());
    let sent_at = delivery.sent_at.unwrap().to_string();
    assert_eq!(attributes["original-sent-at"].string_value(), Some(sent_at.as_str()));
    assert_eq!(attributes.len(), 4, "it was not sent again: {attributes:?}");

    let without = SqsQueue::new(client, urls.queue, None);
    let fault = without.park(&delivery, "x").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("no dead-letter queue"), "{fault}");
}

#[tokio::test]
async fn a_long_poll_may_outlast_the_time_for_a_call() {
    let client = client(Duration::from_secs(2)).await;
    let urls = create_queues(&client, "wake-ups", 3, Duration::from_secs(30)).await.unwrap();
    let queue = SqsQueue::new(client, urls.queue, None);
    assert_eq!(queue.receive(10, Duration::from_secs(3)).await.unwrap(), []);
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_not_found() {
    let client = client(PATIENT).await;
    let queue = SqsQueue::new(client, "http://127.0.0.1:1/000000000000/absent".to_owned(), None);
    assert_eq!(queue.send("x", Duration::ZERO).await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test]
async fn dead_letters_are_looked_at_without_hiding_them_and_say_why_they_are_there() {
    let (queue, client, urls) = queue(1, Duration::from_secs(30)).await;
    queue.send("given up", Duration::ZERO).await.unwrap();
    let delivery = one(&queue).await;
    queue.extend(&delivery.receipt, Duration::ZERO).await.unwrap();
    assert_eq!(queue.receive(10, Duration::ZERO).await.unwrap(), [], "the queue gives it up");
    queue.send("{broken", Duration::ZERO).await.unwrap();
    let parked = one(&queue).await;
    queue.park(&parked, "not JSON").await.unwrap();

    let dead = SqsDeadLetters::new(client, urls.dead_letter, urls.queue);
    for _ in 0..2 {
        let mut letters = all(&dead, 2).await;
        letters.sort_by_key(|letter| letter.reason.is_some());
        let [given_up, broken] = &letters[..] else { panic!("{letters:#?}") };
        assert_eq!((given_up.delivery.body.as_str(), &given_up.reason), ("given up", &None));
        assert!(given_up.received >= Some(1) && given_up.delivery.sent_at.is_some(), "{given_up:?}");
        assert_eq!((broken.delivery.body.as_str(), broken.reason.as_deref()), ("{broken", Some("not JSON")));
        assert_eq!(broken.original_id.as_deref(), Some(parked.message_id.as_str()));
        let from = Origin { sender: parked.sender.clone(), sent_at: parked.sent_at };
        assert_eq!((&broken.parked_from, &given_up.parked_from), (&Some(from), &None));
        assert_eq!(dead.take(Duration::from_secs(60)).await.unwrap(), [], "hidden while it is looked at");
        for letter in &letters {
            dead.give_back(&letter.delivery.receipt).await.unwrap();
        }
    }
    for letter in all(&dead, 2).await {
        dead.delete(&letter.delivery.receipt).await.unwrap();
        dead.delete(&letter.delivery.receipt).await.unwrap();
    }
    assert_eq!(dead.take(Duration::ZERO).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_sent_again_says_who_sent_it_first_and_keeps_that_when_it_is_parked() {
    let (queue, client, urls) = queue(3, Duration::from_secs(30)).await;
    let dead = SqsDeadLetters::new(client, urls.dead_letter, urls.queue);
    let known = Origin {
        sender: Some("AROARUNS:deploy-7".to_owned()),
        sent_at: Some("2026-11-23T09:00:00.123Z".parse().unwrap()),
    };
    for origin in [known, Origin::default()] {
        dead.send_again("once more", &origin).await.unwrap();
        let again = one(&queue).await;
        assert_eq!((again.body.as_str(), again.origin.as_ref()), ("once more", Some(&origin)));
        queue.park(&again, "why").await.unwrap();
        queue.delete(&again.receipt).await.unwrap();
        let letter = all(&dead, 1).await.remove(0);
        let by = Origin { sender: again.sender.clone(), sent_at: again.sent_at };
        assert_eq!((letter.delivery.origin, letter.parked_from), (Some(origin), Some(by)));
        dead.delete(&letter.delivery.receipt).await.unwrap();
    }
    queue.send("new", Duration::ZERO).await.unwrap();
    assert_eq!(one(&queue).await.origin, None);
}

/// This many dead letters, in however many receives.
async fn all(dead: &SqsDeadLetters, count: usize) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    while letters.len() < count {
        let more = dead.take(Duration::from_secs(60)).await.unwrap();
        assert!(!more.is_empty(), "{count} dead letters were due: {letters:#?}");
        letters.extend(more);
    }
    letters
}
