//! Why a transaction was cancelled, item by item. A failed condition is an outcome; everything else (another
//! writer at the same moment, a throttle) is a fault, most of them curable by waiting.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::items::Item;
use crate::faults::aws::kind_of_code;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;

/// The one operation that can be cancelled.
pub(super) const TRANSACT: &str = "TransactWriteItems";

/// The reasons of a cancelled transaction, in the order of its items.
pub(super) struct Cancelled {
    reasons: Vec<CancellationReason>,
}

impl Cancelled {
    /// The reasons, if that is what this error is.
    pub(super) fn of<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Self> {
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                Some(Self { reasons: cancelled.cancellation_reasons().to_vec() })
            }
            _ => None,
        }
    }

    /// Whether nothing but other writers at the same moment was in the way: the same transaction may well pass
    /// when it is sent again. A failed condition beside it would only fail once more.
    pub(super) fn is_mere_conflict(&self) -> bool {
        let any = |wanted: &str| self.reasons.iter().any(|reason| reason.code() == Some(wanted));
        any("TransactionConflict") && !any("ConditionalCheckFailed")
    }

    /// Whether the item at this place had nothing to do with it: `None`. `Some` if its condition failed,
    /// with what stood there (nothing, if there was no such item).
    ///
    /// # Errors
    /// The item met something else than its condition, so it is not known whether that holds.
    pub(super) fn failed_condition(&self, place: usize) -> Answer<Option<Option<Item>>> {
        let Some(reason) = self.reasons.get(place) else { return Ok(None) };
        match reason.code() {
            None | Some("None") => Ok(None),
            Some("ConditionalCheckFailed") => Ok(Some(reason.item.clone().filter(|item| !item.is_empty()))),
            Some(code) => Err(fault(place, code, reason.message())),
        }
    }

    /// The fault when no condition explains the cancellation.
    pub(super) fn unexplained(&self) -> Fault {
        let told = self.reasons.iter().enumerate().find_map(|(place, reason)| {
            let code = reason.code().filter(|code| *code != "None")?;
            Some(fault(place, code, reason.message()))
        });
        told.unwrap_or_else(|| {
            Fault::new(
                Service::DynamoDb,
                TRANSACT,
                FaultKind::Unintelligible,
                "the transaction was cancelled without a reason",
            )
        })
    }
}

fn fault(place: usize, code: &str, message: Option<&str>) -> Fault {
    let kind = kind_of_code(code).unwrap_or(FaultKind::Refused);
    let message = message.unwrap_or("no message");
    Fault::new(
        Service::DynamoDb,
        TRANSACT,
        kind,
        format!("item {} of the transaction: {code}: {message}", place + 1),
    )
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};

    use super::*;

    fn cancelled(codes: &[&str]) -> Cancelled {
        let reasons = codes.iter().map(|code| CancellationReason::builder().code(*code).build()).collect();
        let error = TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build();
        let error = TransactWriteItemsError::TransactionCanceledException(error);
        Cancelled::of(&SdkError::service_error(error, ())).unwrap()
    }

    #[test]
    fn a_conflict_is_contention_and_never_a_failed_condition() {
        let reasons = cancelled(&["None", "TransactionConflict"]);
        assert_eq!(reasons.failed_condition(0).unwrap(), None);
        let fault = reasons.failed_condition(1).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Contended);
        assert!(fault.is_transient());
        assert_eq!(reasons.unexplained().kind, FaultKind::Contended);
    }

    #[test]
    fn a_conflict_beside_a_failed_condition_is_no_mere_one() {
        assert!(cancelled(&["TransactionConflict", "None"]).is_mere_conflict());
        assert!(!cancelled(&["TransactionConflict", "ConditionalCheckFailed"]).is_mere_conflict());
        assert!(!cancelled(&["None", "ThrottlingError"]).is_mere_conflict());
    }

    #[test]
    fn a_throttled_item_is_throttled_and_a_bad_one_refused() {
        for (code, expected) in [
            ("ThrottlingError", FaultKind::Throttled),
            ("ProvisionedThroughputExceeded", FaultKind::Throttled),
            ("ValidationError", FaultKind::Refused),
            ("ItemCollectionSizeLimitExceeded", FaultKind::Refused),
        ] {
            assert_eq!(cancelled(&[code]).unexplained().kind, expected, "{code}");
        }
        assert_eq!(cancelled(&["None"]).unexplained().kind, FaultKind::Unintelligible);
    }

    #[test]
    fn a_failed_condition_shows_what_stood_there() {
        let reasons = Cancelled {
            reasons: vec![
                CancellationReason::builder()
                    .code("ConditionalCheckFailed")
                    .item("token", AttributeValue::N("3".to_owned()))
                    .build(),
                CancellationReason::builder().code("ConditionalCheckFailed").build(),
            ],
        };
        let standing = reasons.failed_condition(0).unwrap().unwrap().unwrap();
        assert_eq!(standing["token"], AttributeValue::N("3".to_owned()));
        assert_eq!(reasons.failed_condition(1).unwrap(), Some(None), "no item stood there");
    }
}
