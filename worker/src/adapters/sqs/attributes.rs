//! Message attributes: what is known of a message beside its body. Whoever may send to a queue may write them, so nothing here
//! is worth more than the message's sender. Must never read meaning into a body.

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::operation::send_message::builders::SendMessageFluentBuilder;
use aws_sdk_sqs::types::{Message, MessageAttributeValue};

use super::queue::SEND;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Origin};

/// The attributes that say why a message was parked, and which it was.
pub(super) const REASON: &str = "reason";
pub(super) const ORIGINAL_ID: &str = "original-message-id";

/// Who had sent it when it was parked, as SQS vouched for it to the worker.
pub(super) const ORIGINAL: Names = Names { sender: "original-sender", sent_at: "original-sent-at" };

/// Who had sent it before an operator sent it again.
pub(super) const FIRST: Names = Names { sender: "first-sender", sent_at: "first-sent-at" };

/// A text longer than this helps nobody and takes room from the body, which shares SQS's size limit.
const LONGEST: usize = 500;

/// What stands for a time that is not known: SQS takes no empty attribute.
const UNKNOWN: &str = "unknown";

/// The names of the two attributes of an [`Origin`]. The time is always written, so it tells that there is one.
pub(super) struct Names {
    pub(super) sender: &'static str,
    pub(super) sent_at: &'static str,
}

impl Names {
    /// Adds an origin to a message that is to be sent.
    pub(super) fn write(
        &self,
        message: SendMessageFluentBuilder,
        origin: &Origin,
    ) -> Answer<SendMessageFluentBuilder> {
        let sent_at = origin.sent_at.map_or(UNKNOWN.to_owned(), |at| at.to_string());
        let message = message.message_attributes(self.sent_at, attribute(&sent_at)?);
        Ok(match &origin.sender {
            Some(sender) => message.message_attributes(self.sender, attribute(&presentable(sender))?),
            None => message,
        })
    }

    /// The origin that a message names, if it names one.
    pub(super) fn read(&self, message: &Message) -> Option<Origin> {
        let sent_at = text(message, self.sent_at)?.parse().ok();
        Some(Origin { sender: text(message, self.sender).map(str::to_owned), sent_at })
    }
}

/// An attribute's text.
pub(super) fn text<'a>(message: &'a Message, name: &str) -> Option<&'a str> {
    message.message_attributes.as_ref()?.get(name)?.string_value()
}

/// A text as an attribute.
pub(super) fn attribute(text: &str) -> Answer<MessageAttributeValue> {
    let built: Result<_, BuildError> =
        MessageAttributeValue::builder().data_type("String").string_value(text).build();
    built.map_err(|error| Fault::new(Service::Sqs, SEND, FaultKind::Refused, error.to_string()))
}

/// A text that SQS takes as an attribute: not empty, short, without control characters.
pub(super) fn presentable(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c })
        .take(LONGEST)
        .collect();
    if text.trim().is_empty() { "no reason given".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_made_presentable() {
        assert_eq!(presentable("unknown type\u{0}\n\"x\""), "unknown type  \"x\"");
        assert_eq!(presentable("\n"), "no reason given");
        assert_eq!(presentable(&"é".repeat(1000)).chars().count(), LONGEST);
    }
}
