//! Small things that every ECS answer needs: absent members, counts, times, lists in pieces.

use std::collections::HashSet;

use aws_sdk_ecs::primitives::DateTime;
use jiff::Timestamp;

use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;

/// A member that ECS documents but did not send.
pub(super) fn absent(operation: &'static str, member: &str) -> Fault {
    Fault::new(Service::Ecs, operation, FaultKind::Unintelligible, format!("the answer has no {member}"))
}

/// The member, which ECS documents to be there.
pub(super) fn required<T>(operation: &'static str, member: &str, value: Option<T>) -> Answer<T> {
    value.ok_or_else(|| absent(operation, member))
}

/// ECS listed something that its describe call does not know (yet): its answers lag by some seconds. A fault
/// that passes, because leaving the thing out would look like "it does not exist".
pub(super) fn not_described(operation: &'static str, what: &str) -> Fault {
    let message = format!("{what} is listed but not described yet");
    Fault::new(Service::Ecs, operation, FaultKind::Unavailable, message)
}

/// A count; ECS never sends a negative one.
pub(super) fn count(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// A time of ECS's as a timestamp.
pub(super) fn timestamp(operation: &'static str, member: &str, time: &DateTime) -> Answer<Timestamp> {
    // Fits: fewer than 10^9 nanoseconds.
    let nanoseconds = i32::try_from(time.subsec_nanos()).unwrap_or(0);
    Timestamp::new(time.secs(), nanoseconds).map_err(|error| {
        let message = format!("{member} is no usable time: {error}");
        Fault::new(Service::Ecs, operation, FaultKind::Unintelligible, message)
    })
}

/// The values without repeats, in pieces that one describe call takes.
pub(super) fn pieces<'a>(values: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<Vec<String>> {
    let mut seen = HashSet::new();
    let distinct: Vec<String> =
        values.into_iter().filter(|value| seen.insert(*value)).map(str::to_owned).collect();
    distinct.chunks(most).map(<[String]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_hold_each_value_once() {
        assert_eq!(pieces(["a", "b", "a", "c"], 2), [vec!["a", "b"], vec!["c"]]);
        assert!(pieces([], 2).is_empty());
    }

    #[test]
    fn times_keep_their_fraction() {
        let time = DateTime::from_secs_and_nanos(1_700_000_000, 250_000_000);
        let expected: Timestamp = "2023-11-14T22:13:20.25Z".parse().unwrap();
        assert_eq!(timestamp("X", "createdAt", &time).unwrap(), expected);
        let fault = timestamp("X", "createdAt", &DateTime::from_secs(i64::MAX)).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unintelligible);
    }
}
