//! From a sender to a receiver: bodies, delays, polls, attributes.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName};
use conformance::{Broken, Verdict};
use lockstep::adapters::sqs::SqsQueue;
use lockstep::faults::FaultKind;
use lockstep::ports::Queue;

use crate::fixtures::Place;

pub async fn a_body_comes_back_as_it_was(place: Place) -> Verdict {
    for body in [
        r#"{"lockstep":1,"body":{"a":[1,2,"x"]}}"#,
        "naïve — 部署 🚀",
        " \t\r\n<&>\"' ",
        "\u{d7ff}\u{e000}\u{fffd}",
    ] {
        place.queue.send(body, Duration::ZERO).await?;
        let delivery = place.next().await?;
        Broken::unless_same("the body", delivery.body.as_str(), body)?;
        place.queue.delete(&delivery.receipt).await?;
    }
    Ok(())
}

/// DelaySeconds: "the length of time … for which to delay a specific message". A takeover waits a lease in the
/// queue, so it must not come before.
pub async fn a_delayed_message_does_not_come_before(place: Place) -> Verdict {
    let begun = Instant::now();
    place.queue.send("later", Duration::from_secs(3)).await?;
    place.queue.send("now", Duration::ZERO).await?;
    let first = place.next().await?;
    Broken::unless_same("the first", first.body.as_str(), "now")?;
    let second = place.next().await?;
    Broken::unless_same("the second", second.body.as_str(), "later")?;
    Broken::unless(begun.elapsed() >= Duration::from_secs(3), || {
        format!("it came after {:?}", begun.elapsed())
    })
}

pub async fn an_empty_poll_is_an_empty_list(place: Place) -> Verdict {
    for wait in [Duration::ZERO, Duration::from_secs(1)] {
        Broken::unless_same("received", place.queue.receive(10, wait).await?, Vec::new())?;
    }
    Ok(())
}

/// WaitTimeSeconds: "if a message is available, the call returns sooner".
pub async fn a_long_poll_ends_when_a_message_comes(place: Place) -> Verdict {
    let receiver = place.queue.clone();
    let poll = tokio::spawn(async move { receiver.receive(1, Duration::from_secs(20)).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    place.queue.send("here", Duration::ZERO).await?;
    let received = poll.await??;
    let bodies: Vec<&str> = received.iter().map(|delivery| delivery.body.as_str()).collect();
    Broken::unless_same("received by that poll", bodies, vec!["here"])
}

/// "At-least-once delivery": each one comes to somebody.
pub async fn many_receivers_lose_nothing(place: Place) -> Verdict {
    const MESSAGES: usize = 60;
    for n in 0..MESSAGES {
        place.queue.send(&n.to_string(), Duration::ZERO).await?;
    }
    let receivers: Vec<_> = (0..8)
        .map(|_| {
            let queue = place.queue.clone();
            tokio::spawn(async move {
                let (mut found, mut empty) = (Vec::new(), 0);
                while empty < 3 {
                    let received = queue.receive(10, Duration::from_secs(1)).await?;
                    empty = if received.is_empty() { empty + 1 } else { 0 };
                    for delivery in received {
                        queue.delete(&delivery.receipt).await?;
                        found.push(delivery.body);
                    }
                }
                Ok::<_, Broken>(found)
            })
        })
        .collect();
    let mut found = std::collections::BTreeSet::new();
    for receiver in receivers {
        found.extend(receiver.await??);
    }
    Broken::unless_same("messages that came", found.len(), MESSAGES)
}

pub async fn attributes_travel_with_the_message(place: Place) -> Verdict {
    let text = |value: &str| {
        MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
    };
    let send = place.sending("x").message_attributes("reason", text("because — 是"));
    send.message_attributes("original-message-id", text("42")).send().await?;
    let received = place.receiving().wait_time_seconds(5).message_attribute_names("All").send().await?;
    let message = received.messages().first().cloned();
    let attributes = message.and_then(|message| message.message_attributes).unwrap_or_default();
    let mut found: Vec<_> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.string_value().unwrap_or_default()))
        .collect();
    found.sort_unstable();
    Broken::unless_same("attributes", found, vec![("original-message-id", "42"), ("reason", "because — 是")])
}

/// Asked for as system attributes, and only then there.
pub async fn a_message_says_how_often_it_was_received_and_who_sent_it(place: Place) -> Verdict {
    place.queue.send("x", Duration::ZERO).await?;
    for count in 1..=2 {
        let receive = place.receiving().wait_time_seconds(5).visibility_timeout(0);
        let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await?;
        let attributes =
            received.messages().first().and_then(|message| message.attributes.clone()).unwrap_or_default();
        let found = attributes.get(&MessageSystemAttributeName::ApproximateReceiveCount);
        Broken::unless_same("received", found.map(String::as_str), Some(count.to_string().as_str()))?;
        Broken::unless(attributes.contains_key(&MessageSystemAttributeName::SenderId), || {
            "no SenderId".to_owned()
        })?;
    }
    let unasked = place.receiving().wait_time_seconds(5).send().await?;
    let unasked =
        unasked.messages().first().and_then(|message| message.attributes.clone()).unwrap_or_default();
    Broken::unless(unasked.is_empty(), || format!("unasked: {unasked:?}"))
}

pub async fn a_queue_that_is_not_there_is_not_found(place: Place) -> Verdict {
    let absent = SqsQueue::new(place.client.clone(), format!("{}-absent", place.urls.queue), None);
    let kind = |outcome: Result<(), lockstep::faults::Fault>| outcome.err().map(|fault| fault.kind);
    Broken::unless_same("send", kind(absent.send("x", Duration::ZERO).await), Some(FaultKind::NotFound))?;
    let received = absent.receive(1, Duration::ZERO).await.map(|_| ());
    Broken::unless_same("receive", kind(received), Some(FaultKind::NotFound))
}
