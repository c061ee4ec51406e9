//! The queue: keeps every message until it is deleted and tells with what delay it was sent. A delay never
//! passes by itself: tests deliver whatever they like, whenever they like, as often as they like.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::faults::Service;
use lockstep::ports::{Answer, Clock as _, Delivery, Origin, Queue};
use lockstep_events::WakeUp;
use tokio::sync::Notify;

use super::{HandClock, Wire};

/// A message that is in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    id: u64,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    sender: Option<String>,
    sent_at: Option<Timestamp>,
    origin: Option<Origin>,
}

impl Message {
    /// One delivery of it.
    pub(crate) fn delivery(&self) -> Delivery {
        let id = self.id.to_string();
        let (body, sender) = (self.body.clone(), self.sender.clone());
        let origin = self.origin.clone();
        Delivery { message_id: id.clone(), body, receipt: id, sender, sent_at: self.sent_at, origin }
    }

    /// The same from this sender.
    pub(crate) fn from(mut self, sender: &str) -> Self {
        self.sender = Some(sender.to_owned());
        self
    }

    /// The same, sent then; not said when if `None`.
    pub(crate) fn sent(mut self, at: Option<Timestamp>) -> Self {
        self.sent_at = at;
        self
    }

    /// The same, sent again by whoever sends it now: this sender sent it first, then.
    pub(crate) fn first_by(mut self, sender: &str, sent_at: Option<Timestamp>) -> Self {
        self.origin = Some(Origin { sender: Some(sender.to_owned()), sent_at });
        self
    }

    /// The wake-up that it is.
    pub(crate) fn wake(&self) -> WakeUp {
        match lockstep_events::decode(&self.body).unwrap() {
            lockstep_events::Message::WakeUp(wake) => wake,
            other => panic!("no wake-up: {other:?}"),
        }
    }
}

#[derive(Default)]
struct Content {
    sent: u64,
    live: Vec<Message>,
    received: BTreeSet<u64>,
    parked: Vec<(String, String)>,
}

/// The queue.
pub(crate) struct MemoryQueue {
    wire: Arc<Wire>,
    clock: Arc<HandClock>,
    content: Mutex<Content>,
    arrival: Notify,
    receivers: AtomicUsize,
}

/// Counts as a receiver until it is dropped, also with a receive that is given up.
struct Receiver<'a>(&'a AtomicUsize);

impl<'a> Receiver<'a> {
    fn new(receivers: &'a AtomicUsize) -> Self {
        receivers.fetch_add(1, Ordering::SeqCst);
        Self(receivers)
    }
}

impl Drop for Receiver<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl MemoryQueue {
    pub(crate) fn new(wire: Arc<Wire>, clock: Arc<HandClock>) -> Self {
        Self {
            wire,
            clock,
            content: Mutex::default(),
            arrival: Notify::new(),
            receivers: AtomicUsize::new(0),
        }
    }

    /// Puts a message there, as somebody outside does.
    pub(crate) fn put(&self, body: &str, delay: Duration) -> Message {
        let mut content = self.content.lock().unwrap();
        content.sent += 1;
        let sent_at = Some(self.clock.now());
        let (id, body) = (content.sent, body.to_owned());
        let message = Message { id, body, delay, sender: None, sent_at, origin: None };
        content.live.push(message.clone());
        self.arrival.notify_one();
        message
    }

    /// What is in the queue, in the order of sending.
    pub(crate) fn live(&self) -> Vec<Message> {
        self.content.lock().unwrap().live.clone()
    }

    /// Deletes everything, as a purge does.
    pub(crate) fn purge(&self) {
        self.content.lock().unwrap().live.clear();
    }

    /// Deletes a message.
    pub(crate) fn remove(&self, receipt: &str) {
        self.content.lock().unwrap().live.retain(|message| message.id.to_string() != receipt);
    }

    /// What was parked: body and reason.
    pub(crate) fn parked(&self) -> Vec<(String, String)> {
        self.content.lock().unwrap().parked.clone()
    }

    /// How many wait for a message.
    pub(crate) fn receivers(&self) -> usize {
        self.receivers.load(Ordering::SeqCst)
    }

    /// Messages without a delay that nobody has received.
    fn take(&self, max: u32) -> Vec<Delivery> {
        let mut content = self.content.lock().unwrap();
        let due = content.live.iter().filter(|m| m.delay.is_zero() && !content.received.contains(&m.id));
        let due: Vec<_> = due.take(usize::try_from(max).unwrap()).cloned().collect();
        content.received.extend(due.iter().map(|message| message.id));
        due.iter().map(Message::delivery).collect()
    }
}

#[async_trait]
impl Queue for MemoryQueue {
    async fn receive(&self, max: u32, _: Duration) -> Answer<Vec<Delivery>> {
        let _waiting = Receiver::new(&self.receivers);
        self.wire.send(Service::Sqs, "receive", || ()).await?;
        loop {
            let due = self.take(max);
            if !due.is_empty() {
                return Ok(due);
            }
            self.arrival.notified().await;
        }
    }

    async fn send(&self, body: &str, delay: Duration) -> Answer<()> {
        self.wire.send(Service::Sqs, "send", || _ = self.put(body, delay)).await
    }

    async fn extend(&self, _: &str, _: Duration) -> Answer<()> {
        self.wire.send(Service::Sqs, "extend", || ()).await
    }

    async fn delete(&self, receipt: &str) -> Answer<()> {
        self.wire.send(Service::Sqs, "delete", || self.remove(receipt)).await
    }

    async fn park(&self, delivery: &Delivery, reason: &str) -> Answer<()> {
        let parked = (delivery.body.clone(), reason.to_owned());
        self.wire.send(Service::Sqs, "park", || self.content.lock().unwrap().parked.push(parked)).await
    }
}
