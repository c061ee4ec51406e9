//! The queue: at least once, in no order. Messages are handed out by chance among those that are visible, come
//! back when they are not deleted in time, may be handed out twice or once more after their deletion, and go
//! to the dead letters when they were handed out too often. Must never read a body.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::channel::oneshot;
use lockstep::ports::{Answer, Delivery};

use crate::plan::{MAX_RECEIVES, VISIBILITY};
use crate::sabotage::Sabotage;
use crate::universe::Universe;

/// A message in the queue.
struct Message {
    body: String,
    /// Nobody is handed it before this.
    visible: Duration,
    receives: u32,
}

/// Somebody who waits for messages.
struct Receiver {
    number: u64,
    max: usize,
    answer: oneshot::Sender<Answer<Vec<Delivery>>>,
}

/// The queue and its dead-letter queue.
#[derive(Default)]
pub(crate) struct Messages {
    numbered: u64,
    live: BTreeMap<u64, Message>,
    receivers: Vec<Receiver>,
    /// Bodies of dead letters, with the reason of those that were parked.
    pub(crate) dead: Vec<(String, Option<String>)>,
}

impl Messages {
    /// Whether a body is still to be handled.
    pub(crate) fn holds(&self, body: &str) -> bool {
        self.live.values().any(|message| message.body == body)
    }
}

impl Universe {
    /// A message is sent. It may be lost or doubled, and it may take a while.
    pub(crate) fn send_message(&mut self, body: &str, delay: Duration) {
        let (lost, duplicate) = if self.is_troubled() {
            let trouble = self.plan.trouble;
            (self.dice.lucky(trouble.lost), self.dice.lucky(trouble.duplicate))
        } else {
            (false, false)
        };
        if lost {
            self.counts.one("messages lost");
            self.note(format_args!("lost: {body}"));
            return;
        }
        let delay = if self.plan.is_sabotaged(Sabotage::DelaysIgnored) { Duration::ZERO } else { delay };
        let copies = if duplicate { 2 } else { 1 };
        for copy in 0..copies {
            let late = if copy > 0 || self.dice.lucky(0.05) {
                self.counts.one("messages late or doubled");
                self.dice.seconds(0.0, 40.0)
            } else {
                self.dice.seconds(0.001, 0.2)
            };
            self.messages.numbered += 1;
            let number = self.messages.numbered;
            let visible = self.now + delay + late;
            self.messages.live.insert(number, Message { body: body.to_owned(), visible, receives: 0 });
            self.calendar.enter(visible, Self::hand_out);
        }
    }

    /// Somebody waits for messages.
    pub(crate) fn receive_messages(
        &mut self,
        max: usize,
        wait: Duration,
        answer: oneshot::Sender<Answer<Vec<Delivery>>>,
    ) {
        self.messages.numbered += 1;
        let number = self.messages.numbered;
        self.messages.receivers.push(Receiver { number, max, answer });
        self.hand_out();
        self.after(wait, move |universe| {
            let receivers = &mut universe.messages.receivers;
            if let Some(place) = receivers.iter().position(|receiver| receiver.number == number) {
                // Nobody may listen any more.
                let _ = receivers.remove(place).answer.send(Ok(Vec::new()));
            }
        });
    }

    /// Hands visible messages out to those who wait.
    fn hand_out(&mut self) {
        while !self.messages.receivers.is_empty() {
            let now = self.now;
            let visible: Vec<_> =
                self.messages.live.iter().filter(|(_, m)| m.visible <= now).map(|(id, _)| *id).collect();
            if visible.is_empty() {
                return;
            }
            let lucky = self.dice.below(self.messages.receivers.len());
            let receiver = self.messages.receivers.remove(lucky);
            // The queue does not notice at once that a receiver has gone.
            if receiver.answer.is_canceled() && self.dice.lucky(0.7) {
                continue;
            }
            let count = 1 + self.dice.below(receiver.max.min(visible.len()));
            let mut deliveries = Vec::new();
            let mut rest = visible;
            for _ in 0..count {
                let number = rest.swap_remove(self.dice.below(rest.len()));
                deliveries.extend(self.deliver(number));
            }
            let wait = self.dice.seconds(0.002, 0.05);
            if !deliveries.is_empty() {
                self.after(wait, move |_| drop(receiver.answer.send(Ok(deliveries))));
            } else {
                self.messages.receivers.push(receiver);
            }
        }
    }

    fn deliver(&mut self, number: u64) -> Option<Delivery> {
        let again = self.is_troubled() && self.dice.lucky(self.plan.trouble.duplicate / 4.0);
        let now = self.now;
        let message = self.messages.live.get_mut(&number)?;
        message.receives += 1;
        if message.receives > MAX_RECEIVES {
            let message = self.messages.live.remove(&number)?;
            self.counts.one("dead letters");
            self.note(format_args!("dead letter: {}", message.body));
            self.messages.dead.push((message.body, None));
            return None;
        }
        message.visible = now + if again { Duration::from_millis(300) } else { VISIBILITY };
        let (visible, receipt) = (message.visible, format!("{number}/{}", message.receives));
        let (message_id, body) = (number.to_string(), message.body.clone());
        let delivery = Delivery { message_id, body, receipt, sender: None, sent_at: None, origin: None };
        if again {
            self.counts.one("redeliveries");
        }
        self.calendar.enter(visible, Self::hand_out);
        Some(delivery)
    }

    /// The delivery stays hidden for this long from now, if it is the message's latest.
    pub(crate) fn hide_message(&mut self, receipt: &str, visibility: Duration) {
        let visible = self.now + visibility;
        if let Some(message) = self.latest(receipt) {
            message.visible = visible;
            self.calendar.enter(visible, Self::hand_out);
        }
    }

    /// The message is gone, if the delivery is its latest; by chance it is handed out once more all the same.
    pub(crate) fn delete_message(&mut self, receipt: &str) {
        let again = self.is_troubled() && self.dice.lucky(self.plan.trouble.duplicate / 4.0);
        let visible = self.now + Duration::from_secs(3);
        let Some(message) = self.latest(receipt) else { return };
        if again {
            message.visible = visible;
            self.counts.one("redeliveries");
            self.calendar.enter(visible, Self::hand_out);
        } else if let Some(number) = number_of(receipt) {
            self.messages.live.remove(&number);
        }
    }

    fn latest(&mut self, receipt: &str) -> Option<&mut Message> {
        let message = self.messages.live.get_mut(&number_of(receipt)?)?;
        (receipt.rsplit('/').next() == Some(message.receives.to_string().as_str())).then_some(message)
    }

    /// Somebody purges the queue.
    pub(crate) fn purge_messages(&mut self) {
        let count = self.messages.live.len();
        self.note(format_args!("the queue is purged of {count} messages"));
        self.counts.one("purges");
        self.messages.live.clear();
    }
}

fn number_of(receipt: &str) -> Option<u64> {
    receipt.split('/').next()?.parse().ok()
}
