//! Whose message it is. The queue vouches for who put a message there. One that was sent again from the dead letters also says
//! who sent it first, and that is believed of those alone who may ask for deployments there in their own name: by lying they
//! would get no more than they have. Must never believe it of anybody else, nor the body of anybody.

use jiff::Timestamp;

use crate::ports::{Delivery, Origin};

/// By whom and when a message counts as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sending {
    /// Who; `None` when that cannot be told.
    pub(crate) sender: Option<String>,
    /// When; `None` when that cannot be told.
    pub(crate) at: Option<Timestamp>,
    /// Who sent it again, if that is not who counts.
    again_by: Option<String>,
}

impl From<&Origin> for Sending {
    fn from(origin: &Origin) -> Self {
        Self { sender: origin.sender.clone(), at: origin.sent_at, again_by: None }
    }
}

impl Sending {
    /// As the queue vouches for it, whatever the message says.
    pub(crate) fn vouched(delivery: &Delivery) -> Self {
        Self { sender: delivery.sender.clone(), at: delivery.sent_at, again_by: None }
    }

    /// Of a delivery to a worker: who sent it first, where one of `operators` sends it again.
    pub(crate) fn of(delivery: &Delivery, operators: &[String]) -> Self {
        Self::vouched(delivery).unless_again(delivery.origin.as_ref(), operators)
    }

    /// Who sent it first counts, if this names them and one of `operators` sent it.
    pub(crate) fn unless_again(self, origin: Option<&Origin>, operators: &[String]) -> Self {
        match origin {
            Some(first) if self.is_among(operators) => {
                Self { sender: first.sender.clone(), at: first.sent_at, again_by: self.sender }
            }
            Some(_) | None => self,
        }
    }

    /// Whether one of these sent it.
    pub(crate) fn is_among(&self, ids: &[String]) -> bool {
        self.sender.as_deref().is_some_and(|sender| ids.iter().any(|id| id == principal(sender)))
    }

    /// Who sent it, for the record; `None` when nobody is named at all.
    pub(crate) fn on_record(&self) -> Option<String> {
        match (&self.sender, &self.again_by) {
            (sender, None) => sender.clone(),
            (Some(sender), Some(by)) => Some(format!("{sender}, sent again by {by}")),
            (None, Some(by)) => Some(format!("a sender whom nobody names, sent again by {by}")),
        }
    }

    /// Who sent it, at the beginning of a sentence.
    pub(crate) fn in_words(&self) -> String {
        match (&self.sender, &self.again_by) {
            (Some(sender), None) => format!("sender {sender}"),
            (None, None) => "a sender whom the queue does not name".to_owned(),
            (Some(sender), Some(by)) => format!("sender {sender} (sent again by {by})"),
            (None, Some(by)) => format!("a sender whom nobody names (sent again by {by})"),
        }
    }

    /// Who sent it first and when, to be sent along.
    pub(crate) fn origin(&self) -> Origin {
        Origin { sender: self.sender.clone(), sent_at: self.at }
    }
}

/// The part of a sender that it cannot choose.
fn principal(sender: &str) -> &str {
    sender.split_once(':').map_or(sender, |(id, _session)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(sender: &str) -> Sending {
        Sending { sender: Some(sender.to_owned()), ..Sending::default() }
    }

    #[test]
    fn who_sent_it_first_is_believed_of_operators_alone() {
        let operators = ["AROAOPERATOR".to_owned()];
        let at = Some("2026-11-23T09:00:00Z".parse().unwrap());
        let origin = Origin { sender: Some("AROARUNS:42".to_owned()), sent_at: at };
        let told = from("AROAOPERATOR:olga").unless_again(Some(&origin), &operators);
        assert_eq!((told.sender.as_deref(), told.at), (Some("AROARUNS:42"), at));
        assert_eq!(told.on_record().unwrap(), "AROARUNS:42, sent again by AROAOPERATOR:olga");
        for liar in [from("AROATHIEF:AROAOPERATOR"), Sending::default()] {
            assert_eq!(liar.clone().unless_again(Some(&origin), &operators), liar);
        }
        let unknown = from("AROAOPERATOR:olga").unless_again(Some(&Origin::default()), &operators);
        assert_eq!((unknown.sender.as_deref(), unknown.at), (None, None), "and not the operator");
        assert_eq!(
            unknown.on_record().unwrap(),
            "a sender whom nobody names, sent again by AROAOPERATOR:olga"
        );
    }
}
