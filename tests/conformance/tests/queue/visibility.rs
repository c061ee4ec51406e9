//! Hidden once received, back after its time, longer hidden when that is asked for.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName;
use conformance::{Broken, Verdict};
use lockstep::ports::Queue;

use crate::fixtures::Place;

impl Place {
    /// From now on messages of this queue come back after so many seconds.
    async fn come_back_after(&self, seconds: u32) -> Verdict {
        let set = self.client.set_queue_attributes().queue_url(&self.urls.queue);
        set.attributes(QueueAttributeName::VisibilityTimeout, seconds.to_string()).send().await?;
        Ok(())
    }
}

/// VisibilityTimeout: other receivers do not see it "after being retrieved by a ReceiveMessage request", for so
/// long; unless it is deleted it comes again.
pub async fn a_received_message_is_hidden_and_comes_again(place: Place) -> Verdict {
    place.come_back_after(3).await?;
    place.queue.send("again", Duration::ZERO).await?;
    let begun = Instant::now();
    let first = place.next().await?;
    place.shows_nothing("just received").await?;
    let second = place.next().await?;
    Broken::unless_same("the message", second.message_id, first.message_id)?;
    Broken::unless(begun.elapsed() >= Duration::from_secs(3), || {
        format!("it came after {:?}", begun.elapsed())
    })
}

/// ChangeMessageVisibility: counts from the call, not from the receive.
pub async fn an_extension_keeps_it_hidden(place: Place) -> Verdict {
    place.come_back_after(3).await?;
    place.queue.send("again", Duration::ZERO).await?;
    let first = place.next().await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let extended = Instant::now();
    place.queue.extend(&first.receipt, Duration::from_secs(5)).await?;
    let second = place.next().await?;
    Broken::unless_same("the message", second.message_id, first.message_id)?;
    Broken::unless(extended.elapsed() >= Duration::from_secs(5), || {
        format!("it came after {:?}", extended.elapsed())
    })
}

/// A time-out of zero makes it visible at once.
pub async fn a_message_given_back_comes_at_once(place: Place) -> Verdict {
    place.queue.send("again", Duration::ZERO).await?;
    let first = place.next().await?;
    place.queue.extend(&first.receipt, Duration::ZERO).await?;
    let second = place.next().await?;
    Broken::unless_same("the message", second.message_id, first.message_id)?;
    place.shows_nothing("received again").await
}
