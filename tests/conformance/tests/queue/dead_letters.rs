//! The way to the dead-letter queue: by count, and by a worker's own hand.

use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use conformance::{Broken, Verdict};
use lockstep::adapters::sqs::create_queues;
use lockstep::ports::Queue;

use crate::fixtures::{HIDDEN, MAX_RECEIVE, Place, next_of};

/// "When the ReceiveCount for a message exceeds the maxReceiveCount …, Amazon SQS moves the message to the
/// dead-letter queue", with its id and body.
pub async fn a_message_received_too_often_moves_as_it_was(place: Place) -> Verdict {
    place.queue.send("poison", Duration::ZERO).await?;
    let mut id = None;
    for receive in 1..=MAX_RECEIVE {
        let delivery = place.next().await?;
        Broken::unless(id.as_ref().is_none_or(|id| *id == delivery.message_id), || {
            format!("receive {receive}: another id")
        })?;
        place.queue.extend(&delivery.receipt, Duration::ZERO).await?;
        id = Some(delivery.message_id);
    }
    place.shows_nothing("received often enough").await?;
    let moved = next_of(&place.dead_letters).await?;
    Broken::unless_same("moved", (moved.body.as_str(), Some(moved.message_id)), ("poison", id))
}

pub async fn a_parked_message_says_why_and_which(place: Place) -> Verdict {
    place.queue.send("{broken", Duration::ZERO).await?;
    let delivery = place.next().await?;
    place.queue.park(&delivery, "not JSON:\n\u{0}EOF — 是").await?;
    place.queue.delete(&delivery.receipt).await?;
    let receive = place.client.receive_message().queue_url(&place.urls.dead_letter).wait_time_seconds(5);
    let received = receive.message_attribute_names("All").send().await?;
    let parked =
        received.messages().first().cloned().ok_or_else(|| Broken("nothing was parked".to_owned()))?;
    Broken::unless_same("the body", parked.body(), Some("{broken"))?;
    let attributes = parked.message_attributes.unwrap_or_default();
    let attribute = |name: &str| attributes.get(name).and_then(|value| value.string_value.clone());
    Broken::unless_same("which", attribute("original-message-id"), Some(delivery.message_id))?;
    Broken::unless_same("why", attribute("reason").as_deref(), Some("not JSON:  EOF — 是"))?;
    place.shows_nothing("parked and deleted").await
}

/// RedrivePolicy: the console and most tools write maxReceiveCount as text; SQS takes both.
pub async fn a_redrive_policy_takes_its_number_as_text(place: Place) -> Verdict {
    let policy = async || {
        let get = place.client.get_queue_attributes().queue_url(&place.urls.queue);
        let attributes = get.attribute_names(QueueAttributeName::RedrivePolicy).send().await?.attributes;
        let policy =
            attributes.unwrap_or_default().remove(&QueueAttributeName::RedrivePolicy).unwrap_or_default();
        Ok::<serde_json::Value, Broken>(serde_json::from_str(&policy)?)
    };
    let mut text = policy().await?;
    text["maxReceiveCount"] = "7".into();
    let set = place.client.set_queue_attributes().queue_url(&place.urls.queue);
    set.attributes(QueueAttributeName::RedrivePolicy, text.to_string()).send().await?;
    let found = policy().await?["maxReceiveCount"].to_string();
    Broken::unless_same("maxReceiveCount", found.trim_matches('"'), "7")
}

pub async fn queues_are_made_once_and_keep_what_they_hold(place: Place) -> Verdict {
    place.queue.send("kept", Duration::ZERO).await?;
    let again =
        create_queues(&place.client, &place.name, MAX_RECEIVE + 2, HIDDEN + Duration::from_secs(1)).await?;
    Broken::unless_same("URLs", again, place.urls.clone())?;
    Broken::unless_same("received", place.next().await?.body.as_str(), "kept")
}
