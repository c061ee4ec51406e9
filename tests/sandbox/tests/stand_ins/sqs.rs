//! SQS, as the worker relies on it: visibility, delays, dead letters, who sent a message.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeName as System, QueueAttributeName as Attribute,
    SendMessageBatchRequestEntry,
};

use super::*;

fn start() -> Sqs {
    Sqs::start(any_port(), "eu-west-1", "123456789012").unwrap()
}

fn client(sqs: &Sqs, access_key: &str) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(sqs.endpoint())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new(access_key, "any", None, None, "test"))
            .build(),
    )
}

async fn queue(client: &Client, name: &str) -> String {
    client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
}

async fn receive(client: &Client, url: &str) -> Option<Message> {
    let request = client.receive_message().queue_url(url).wait_time_seconds(0);
    let request = request.message_system_attribute_names(System::All).message_attribute_names("All");
    request.send().await.unwrap().messages.unwrap_or_default().pop()
}

fn system(message: &Message, name: &System) -> String {
    message.attributes.as_ref().unwrap()[name].clone()
}

async fn attribute(client: &Client, url: &str, name: Attribute) -> String {
    let got =
        client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    got.attributes.unwrap().remove(&name).unwrap()
}

#[tokio::test]
async fn a_message_comes_back_with_its_attributes_until_it_is_deleted() {
    let sqs = start();
    let client = client(&sqs, "anyone");
    let url = queue(&client, "work").await;
    assert_eq!(url, format!("{}/123456789012/work", sqs.endpoint()));
    let found = client.get_queue_url().queue_name("work").send().await.unwrap();
    assert_eq!(found.queue_url.as_ref(), Some(&url));

    let kind = MessageAttributeValue::builder().data_type("String").string_value("request").build().unwrap();
    client
        .send_message()
        .queue_url(&url)
        .message_body("{}")
        .message_attributes("kind", kind)
        .send()
        .await
        .unwrap();
    let first = receive(&client, &url).await.unwrap();
    assert_eq!(first.body.as_deref(), Some("{}"));
    assert_eq!(first.message_attributes.as_ref().unwrap()["kind"].string_value(), Some("request"));
    assert_eq!(system(&first, &System::SenderId), "123456789012", "an unnamed key sends as the account");
    assert!(system(&first, &System::SentTimestamp).parse::<u64>().unwrap() > 1_700_000_000_000);
    assert_eq!(system(&first, &System::ApproximateReceiveCount), "1");
    assert!(receive(&client, &url).await.is_none(), "invisible while it is worked on");

    let handle = first.receipt_handle.unwrap();
    let visibility = client.change_message_visibility().queue_url(&url).receipt_handle(handle);
    visibility.visibility_timeout(0).send().await.unwrap();
    let second = eventually("the message, visible again", async || receive(&client, &url).await).await;
    assert_eq!(second.message_id, first.message_id);
    assert_eq!(system(&second, &System::ApproximateReceiveCount), "2");
    client
        .delete_message()
        .queue_url(&url)
        .receipt_handle(second.receipt_handle.unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessages).await, "0");
    assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessagesNotVisible).await, "0");
}

#[tokio::test]
async fn a_message_may_be_delayed_on_its_own() {
    let sqs = start();
    let client = client(&sqs, "anyone");
    let url = queue(&client, "work").await;
    client.send_message().queue_url(&url).message_body("late").delay_seconds(900).send().await.unwrap();
    assert!(receive(&client, &url).await.is_none());
    assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessagesDelayed).await, "1");
    client.send_message().queue_url(&url).message_body("soon").delay_seconds(1).send().await.unwrap();
    let soon = eventually("the shorter delay to end", async || receive(&client, &url).await).await;
    assert_eq!(soon.body.as_deref(), Some("soon"));
    let refused = client.send_message().queue_url(&url).message_body("").delay_seconds(901).send().await;
    refused.expect_err("SQS delays by 900 s at most");
}

#[tokio::test]
async fn a_message_received_too_often_moves_to_the_dead_letter_queue_and_keeps_its_id_and_sender() {
    let sqs = start();
    sqs.name_sender("AKIASENDER", "AROASENDER:run-7");
    let client = client(&sqs, "AKIASENDER");
    let dead = queue(&client, "dead").await;
    let arn = attribute(&client, &dead, Attribute::QueueArn).await;
    assert_eq!(arn, "arn:aws:sqs:eu-west-1:123456789012:dead");
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let create = client.create_queue().queue_name("work").attributes(Attribute::RedrivePolicy, policy);
    let url = create.attributes(Attribute::VisibilityTimeout, "0").send().await.unwrap().queue_url.unwrap();

    let sent = client.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
    for expected in ["1", "2"] {
        let message = eventually("a receive", async || receive(&client, &url).await).await;
        assert_eq!(system(&message, &System::ApproximateReceiveCount), expected);
    }
    let parked = eventually("the message in the dead-letter queue", async || {
        assert!(receive(&client, &url).await.is_none(), "received more often than the policy allows");
        receive(&client, &dead).await
    })
    .await;
    assert_eq!(parked.message_id, sent.message_id);
    assert_eq!(parked.body.as_deref(), Some("poison"));
    assert_eq!(system(&parked, &System::SenderId), "AROASENDER:run-7");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sender_is_who_signed_even_for_a_receiver_that_was_already_waiting() {
    let sqs = start();
    sqs.name_sender("AKIAWORKER", "AROAWORKER:w1");
    sqs.name_sender("AKIASENDER", "AROASENDER:run-7");
    let (worker, sender) = (client(&sqs, "AKIAWORKER"), client(&sqs, "AKIASENDER"));
    let url = queue(&worker, "work").await;
    for round in 0..20 {
        let receiver = {
            let wait =
                worker.receive_message().queue_url(&url).wait_time_seconds(20).max_number_of_messages(1);
            tokio::spawn(wait.message_system_attribute_names(System::SenderId).send())
        };
        let claim = MessageAttributeValue::builder().data_type("String").string_value("AROAWORKER:w1");
        let (client, expected) =
            if round % 2 == 0 { (&sender, "AROASENDER:run-7") } else { (&worker, "AROAWORKER:w1") };
        let send = client.send_message().queue_url(&url).message_body(r#"{"SenderId":"AROAWORKER:w1"}"#);
        send.message_attributes("SenderId", claim.build().unwrap()).send().await.unwrap();
        let message = receiver.await.unwrap().unwrap().messages.unwrap().remove(0);
        assert_eq!(system(&message, &System::SenderId), expected);
        let handle = message.receipt_handle.unwrap();
        worker.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    }
    let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
    let batch = sender.send_message_batch().queue_url(&url).entries(entry("a")).entries(entry("b"));
    assert_eq!(batch.send().await.unwrap().successful.len(), 2);
    let mut senders = HashMap::new();
    while let Some(message) = receive(&worker, &url).await {
        senders.insert(message.body.clone().unwrap(), system(&message, &System::SenderId));
    }
    let expected = ["a", "b"].map(|body| (body.to_owned(), "AROASENDER:run-7".to_owned()));
    assert_eq!(senders, HashMap::from(expected));
}

#[tokio::test]
async fn a_restart_on_the_same_port_ends_long_polls_and_forgets_the_queues() {
    let sqs = start();
    let address = sqs.address();
    let before = client(&sqs, "anyone");
    let url = queue(&before, "work").await;
    before.send_message().queue_url(&url).message_body("lost").send().await.unwrap();
    let _taken = receive(&before, &url).await.unwrap();
    let poll = tokio::spawn(before.receive_message().queue_url(&url).wait_time_seconds(20).send());
    // Most likely the poll is waiting by now; the outcome is the same if it is not.
    tokio::time::sleep(Duration::from_millis(200)).await;
    sqs.shutdown().await;
    poll.await.unwrap().expect_err("a receiver is told that its queue is gone");

    let sqs = Sqs::start(address, "eu-west-1", "123456789012").expect("the port is free again");
    let after = client(&sqs, "anyone");
    let gone = after.get_queue_url().queue_name("work").send().await.unwrap_err().into_service_error();
    assert!(gone.is_queue_does_not_exist(), "{gone:?}");
    assert_eq!(queue(&after, "work").await, url);
    assert!(receive(&after, &url).await.is_none());
}
