//! A queue under virtual time that speaks SQS's JSON protocol as far as a worker needs it (SQS API reference:
//! SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility). Delivers one message at a time, the one that has
//! been visible longest. Must never move the clock: who waits for a message does that.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// How long a received message stays hidden, in milliseconds.
pub(crate) const VISIBILITY: i64 = 120_000;

struct Message {
    number: u64,
    body: String,
    visible_at: i64,
    /// The delivery whose receipt counts.
    delivery: u64,
}

#[derive(Default)]
struct State {
    messages: Vec<Message>,
    numbered: u64,
    delivered: u64,
    parked: Vec<Value>,
}

/// The queue and its dead-letter queue.
#[derive(Default)]
pub(crate) struct Queue(Mutex<State>);

/// What a receiver finds.
pub(crate) enum Found {
    /// A message, as ReceiveMessage answers.
    Message(Value),
    /// None is visible before this time.
    NotBefore(i64),
    /// The queue is empty: nothing is under way any more.
    Nothing,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message that becomes visible then; its number.
    pub(crate) fn put(&self, body: String, visible_at: i64) -> u64 {
        let mut state = self.lock();
        state.numbered += 1;
        let number = state.numbered;
        state.messages.push(Message { number, body, visible_at, delivery: 0 });
        number
    }

    /// Whether a message is visible by then.
    pub(crate) fn has_one(&self, by: i64) -> bool {
        self.lock().messages.iter().any(|message| message.visible_at <= by)
    }

    /// Delivers the message that has been visible longest.
    pub(crate) fn receive(&self, now: i64) -> Found {
        let mut state = self.lock();
        state.delivered += 1;
        let delivery = state.delivered;
        let next = state.messages.iter_mut().min_by_key(|message| (message.visible_at, message.number));
        match next {
            None => Found::Nothing,
            Some(message) if message.visible_at > now => Found::NotBefore(message.visible_at),
            Some(message) => {
                message.visible_at = now + VISIBILITY;
                message.delivery = delivery;
                Found::Message(json!({ "Messages": [{
                    "MessageId": format!("message-{}", message.number),
                    "ReceiptHandle": format!("{}/{delivery}", message.number),
                    "Body": message.body,
                }] }))
            }
        }
    }

    /// Answers any other operation.
    pub(crate) fn answer(&self, operation: &str, request: &Value, now: i64) -> Value {
        match operation {
            "SendMessage" => self.send(request, now),
            "DeleteMessage" => {
                let number = receipt(request).0;
                self.lock().messages.retain(|message| message.number != number);
                json!({})
            }
            "ChangeMessageVisibility" => {
                let (number, delivery) = receipt(request);
                let until = now + request["VisibilityTimeout"].as_i64().unwrap_or(0) * 1000;
                let mut state = self.lock();
                let messages = state.messages.iter_mut();
                for message in messages.filter(|m| m.number == number && m.delivery == delivery) {
                    message.visible_at = until;
                }
                json!({})
            }
            other => panic!("the queue does not know {other}: teach it, and the list of known calls"),
        }
    }

    fn send(&self, request: &Value, now: i64) -> Value {
        let url = request["QueueUrl"].as_str().unwrap_or_default();
        if url.ends_with("-dead-letters") {
            self.lock().parked.push(request.clone());
        } else {
            let body = request["MessageBody"].as_str().unwrap_or_default().to_owned();
            self.put(body, now + request["DelaySeconds"].as_i64().unwrap_or(0) * 1000);
        }
        json!({ "MessageId": format!("message-{}", self.lock().numbered) })
    }

    /// Makes this message visible at once, before everything else: SQS may redeliver at any time.
    pub(crate) fn redeliver(&self, number: u64) {
        let mut state = self.lock();
        for message in state.messages.iter_mut().filter(|message| message.number == number) {
            message.visible_at = 0;
        }
    }

    /// What was parked in the dead-letter queue.
    pub(crate) fn parked(&self) -> Vec<Value> {
        self.lock().parked.clone()
    }
}

fn receipt(request: &Value) -> (u64, u64) {
    let handle = request["ReceiptHandle"].as_str().unwrap_or_default();
    let (number, delivery) = handle.split_once('/').expect("a receipt of this queue");
    (number.parse().unwrap(), delivery.parse().unwrap())
}
