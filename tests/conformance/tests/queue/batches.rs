//! Several messages in one call.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};
use conformance::{Broken, Verdict};

use crate::fixtures::{Place, refused};

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

fn entries(count: usize) -> Vec<SendMessageBatchRequestEntry> {
    (0..count).map(|n| entry(&format!("m{n}"), &n.to_string())).collect()
}

pub async fn ten_messages_are_sent_received_and_deleted_together(place: Place) -> Verdict {
    let url = &place.urls.queue;
    let sent = place.client.send_message_batch().queue_url(url).set_entries(Some(entries(10))).send().await?;
    Broken::unless_same("sent and failed", (sent.successful().len(), sent.failed().len()), (10, 0))?;
    let (mut bodies, mut calls) = (BTreeSet::new(), 0);
    // One receive may bring fewer than there are.
    while bodies.len() < 10 && calls < 20 {
        calls += 1;
        let received = place.receiving().max_number_of_messages(10).wait_time_seconds(2).send().await?;
        let Some(messages) = received.messages.filter(|messages| !messages.is_empty()) else { continue };
        let receipt = |(n, receipt): (usize, Option<String>)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(n.to_string())
                .set_receipt_handle(receipt)
                .build()
                .unwrap()
        };
        let receipts =
            messages.iter().map(|message| message.receipt_handle.clone()).enumerate().map(receipt).collect();
        let delete =
            place.client.delete_message_batch().queue_url(url).set_entries(Some(receipts)).send().await?;
        Broken::unless_same("deleted", delete.successful().len(), messages.len())?;
        bodies.extend(messages.into_iter().filter_map(|message| message.body));
    }
    Broken::unless_same("received", bodies.len(), 10)?;
    place.shows_nothing("all deleted").await
}

pub async fn more_than_ten_none_or_the_same_id_twice_are_refused(place: Place) -> Verdict {
    let cases = [
        ("eleven", entries(11), "TooManyEntriesInBatchRequest"),
        ("none", Vec::new(), "EmptyBatchRequest"),
        ("an id twice", vec![entry("a", "1"), entry("a", "2")], "BatchEntryIdsNotDistinct"),
    ];
    for (what, entries, code) in cases {
        let send = place.client.send_message_batch().queue_url(&place.urls.queue).set_entries(Some(entries));
        refused(what, send.send().await, &[code])?;
    }
    place.shows_nothing("nothing was sent").await
}

/// "The result of sending each message is reported individually in the response": HTTP 200 with a failure in it.
pub async fn one_bad_entry_does_not_keep_the_others(place: Place) -> Verdict {
    let late = SendMessageBatchRequestEntry::builder().id("bad").message_body("x").delay_seconds(901);
    let entries = vec![entry("good", "kept"), late.build().unwrap()];
    let sent =
        place.client.send_message_batch().queue_url(&place.urls.queue).set_entries(Some(entries)).send();
    let sent = sent.await?;
    let good: Vec<&str> = sent.successful().iter().map(|entry| entry.id()).collect();
    let bad: Vec<(&str, bool)> =
        sent.failed().iter().map(|entry| (entry.id(), entry.sender_fault())).collect();
    Broken::unless_same("sent and failed", (good, bad), (vec!["good"], vec![("bad", true)]))?;
    Broken::unless_same("received", place.next().await?.body.as_str(), "kept")
}
