//! What SQS takes and what it refuses: times, counts, sizes, characters.

use std::time::Duration;

use conformance::{Broken, Verdict};
use lockstep::ports::Queue;

use crate::fixtures::{Place, refused};

const INVALID: &[&str] =
    &["InvalidParameterValue", "InvalidParameterValueException", "InvalidAttributeValue"];
const MEBIBYTE: usize = 1_048_576;

pub async fn a_delay_of_fifteen_minutes_is_the_longest(place: Place) -> Verdict {
    place.sending("x").delay_seconds(900).send().await?;
    refused("901 seconds", place.sending("x").delay_seconds(901).send().await, INVALID)?;
    refused("minus one", place.sending("x").delay_seconds(-1).send().await, INVALID)?;
    // The adapter cuts what is longer.
    Ok(place.queue.send("x", Duration::from_secs(100_000)).await?)
}

pub async fn a_visibility_of_twelve_hours_is_the_longest(place: Place) -> Verdict {
    place.queue.send("x", Duration::ZERO).await?;
    let delivery = place.next().await?;
    let change = |seconds| {
        let change = place.client.change_message_visibility().queue_url(&place.urls.queue);
        change.receipt_handle(&delivery.receipt).visibility_timeout(seconds).send()
    };
    refused("43201 seconds", change(43_201).await, INVALID)?;
    refused("minus one", change(-1).await, INVALID)?;
    // Twelve hours in all, of which the receive has used a moment.
    change(43_000).await?;
    Ok(())
}

pub async fn a_poll_of_twenty_seconds_is_the_longest(place: Place) -> Verdict {
    place.queue.send("x", Duration::ZERO).await?;
    place.receiving().wait_time_seconds(20).send().await?;
    refused("21 seconds", place.receiving().wait_time_seconds(21).send().await, INVALID)
}

pub async fn ten_messages_are_the_most(place: Place) -> Verdict {
    let codes = [INVALID, &["ReadCountOutOfRange"]].concat();
    place.receiving().max_number_of_messages(10).send().await?;
    refused("11 messages", place.receiving().max_number_of_messages(11).send().await, &codes)?;
    refused("0 messages", place.receiving().max_number_of_messages(0).send().await, &codes)
}

async fn is_taken(place: &Place, bytes: usize) -> Verdict {
    let body = "x".repeat(bytes);
    place.queue.send(&body, Duration::ZERO).await?;
    let delivery = place.next().await?;
    Broken::unless(delivery.body == body, || format!("{} of {bytes} bytes came back", delivery.body.len()))
}

pub async fn a_body_of_256_kibibytes_is_taken(place: Place) -> Verdict {
    is_taken(&place, MEBIBYTE / 4).await
}

/// 1 MiB since August 2025; 256 KiB before.
pub async fn a_body_of_a_mebibyte_is_taken(place: Place) -> Verdict {
    is_taken(&place, MEBIBYTE).await
}

pub async fn a_body_of_more_than_a_mebibyte_is_refused(place: Place) -> Verdict {
    let send = place.sending(&"x".repeat(MEBIBYTE + 1)).send().await;
    refused("a byte more", send, &[INVALID, &["InvalidMessageContents", "BatchRequestTooLong"]].concat())
}

/// "The minimum size is one character."
pub async fn an_empty_body_is_refused(place: Place) -> Verdict {
    let codes = [INVALID, &["MissingParameter", "InvalidMessageContents"]].concat();
    refused("an empty body", place.sending("").send().await, &codes)
}

/// #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF, and nothing else.
pub async fn characters_outside_of_xml_are_refused(place: Place) -> Verdict {
    let codes = [INVALID, &["InvalidMessageContents"]].concat();
    for body in ["a\u{0}", "a\u{b}", "a\u{1f}", "a\u{fffe}", "a\u{ffff}"] {
        refused(&format!("{body:?}"), place.sending(body).send().await, &codes)?;
    }
    Ok(())
}
