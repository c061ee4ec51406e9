//! Receipt handles: one per receive; the latest deletes.

use std::time::Duration;

use conformance::{Broken, Verdict};
use lockstep::ports::Queue;

use crate::fixtures::{Place, refused};

/// "If you receive a message more than once, the receipt handle is different each time"; the latest one deletes.
/// What an older one does is left open, but it is no error.
pub async fn every_receive_has_a_receipt_of_its_own(place: Place) -> Verdict {
    place.queue.send("x", Duration::ZERO).await?;
    let first = place.next().await?;
    place.queue.extend(&first.receipt, Duration::ZERO).await?;
    let second = place.next().await?;
    Broken::unless(first.receipt != second.receipt, || "the receipt is the same".to_owned())?;
    place.queue.extend(&second.receipt, Duration::ZERO).await?;
    let third = place.next().await?;
    place.queue.delete(&first.receipt).await?;
    place.queue.delete(&third.receipt).await?;
    let gone = place.receiving().visibility_timeout(0).wait_time_seconds(1).send().await?;
    Broken::unless(gone.messages().is_empty(), || {
        "it came again after the latest receipt deleted it".to_owned()
    })
}

/// DeleteMessage is no error for a message that is gone.
pub async fn a_message_is_deleted_and_deleted_again(place: Place) -> Verdict {
    place.queue.send("x", Duration::ZERO).await?;
    let delivery = place.next().await?;
    for _ in 0..2 {
        place.queue.delete(&delivery.receipt).await?;
    }
    place.shows_nothing("deleted").await
}

/// ReceiptHandleIsInvalid.
pub async fn what_is_no_receipt_is_refused(place: Place) -> Verdict {
    let delete = place.client.delete_message().queue_url(&place.urls.queue).receipt_handle("no receipt");
    refused("delete", delete.send().await, &["ReceiptHandleIsInvalid"])?;
    let change =
        place.client.change_message_visibility().queue_url(&place.urls.queue).receipt_handle("no receipt");
    refused("extend", change.visibility_timeout(5).send().await, &["ReceiptHandleIsInvalid"])
}
