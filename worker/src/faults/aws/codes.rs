//! What AWS's error codes and HTTP statuses mean. Must stay a plain table: no text of an answer is looked at.
//!
//! The codes are those of each service's API reference ("Errors" of the action and "Common Errors").

use std::ops::RangeInclusive;

use crate::faults::{Condition, FaultKind};

/// The codes that say more than the HTTP status they come with.
pub const CODES: &[(FaultKind, &[&str])] = &[
    (
        FaultKind::Throttled,
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottlingError",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "ProvisionedThroughputExceeded",
            "ProvisionedThroughputExceededException",
            "TooManyRequests",
            "TooManyRequestsException",
            "BandwidthLimitExceeded",
            "PriorRequestNotComplete",
            "SlowDown",
            "OverLimit",
            "KmsThrottled",
            "KMSThrottlingException",
        ],
    ),
    (
        FaultKind::Contended,
        &[
            "TransactionConflict",
            "TransactionConflictException",
            "TransactionInProgressException",
            "ReplicatedWriteConflictException",
        ],
    ),
    (
        FaultKind::Unavailable,
        &[
            "InternalError",
            "InternalFailure",
            "InternalServerError",
            "InternalServerErrorException",
            "InternalServiceError",
            "ServerException",
            "ServiceFailure",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ],
    ),
    (FaultKind::TimedOut, &["RequestTimeout", "RequestTimeoutException"]),
    (
        FaultKind::Denied,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "AuthFailure",
            "BlockedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "InvalidAccessKeyId",
            "InvalidSecurity",
            "KmsAccessDenied",
            "NotAuthorized",
            "OptInRequired",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "UnauthorizedOperation",
            "UnrecognizedClientException",
        ],
    ),
    (FaultKind::Denied, SIGNATURE_CODES),
    (FaultKind::NotFound, &["NonExistentQueue", "QueueDoesNotExist", "NotFound"]),
];

/// Codes that say that the signature was not accepted. AWS explains these by quoting the request's canonical
/// form: its headers, session token included.
pub const SIGNATURE_CODES: &[&str] = &[
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
];

/// What codes end in that are one for each kind of thing, such as `ClusterNotFoundException`.
pub const CODE_ENDINGS: &[(FaultKind, &str)] = &[(FaultKind::NotFound, "NotFoundException")];

/// What an HTTP status means by itself; the first row that holds it counts, and what is in none is refused.
pub const STATUSES: &[(RangeInclusive<u16>, FaultKind)] = &[
    (401..=401, FaultKind::Denied),
    (403..=403, FaultKind::Denied),
    (404..=404, FaultKind::NotFound),
    (408..=408, FaultKind::TimedOut),
    (429..=429, FaultKind::Throttled),
    (500..=u16::MAX, FaultKind::Unavailable),
];

/// What a code or a status means that no table has.
pub const OTHERWISE: FaultKind = FaultKind::Refused;

/// What an error code of an AWS service means; also for the codes of a cancelled transaction's reasons.
#[must_use]
pub fn kind_of_code(code: &str) -> Option<FaultKind> {
    // SQS still answers some codes under its old prefix (JSON protocol, `x-amzn-query-error`).
    let code = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
    let listed = CODES.iter().find(|(_, codes)| codes.contains(&code)).map(|(kind, _)| *kind);
    listed.or_else(|| CODE_ENDINGS.iter().find(|(_, ending)| code.ends_with(ending)).map(|(kind, _)| *kind))
}

/// What a refusal with this code and HTTP status means; the code decides before the status does.
pub(super) fn kind_of(code: Option<&str>, status: u16) -> FaultKind {
    match code.and_then(kind_of_code) {
        Some(kind) => kind,
        // A refusal that came as a success is no documented answer.
        None if status < 300 => Condition::UnreadableSuccess.kind(),
        None => kind_of_status(status),
    }
}

/// What an HTTP status means by itself.
pub(super) fn kind_of_status(status: u16) -> FaultKind {
    STATUSES.iter().find(|(range, _)| range.contains(&status)).map_or(OTHERWISE, |(_, kind)| *kind)
}

/// Whether the code says that the signature was not accepted.
pub(super) fn concerns_the_signature(code: &str) -> bool {
    SIGNATURE_CODES.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_decides_before_the_status_does() {
        use FaultKind::*;
        let table = [
            ("ThrottlingException", 400, Throttled),
            ("ProvisionedThroughputExceededException", 400, Throttled),
            ("RequestLimitExceeded", 400, Throttled),
            ("SlowDown", 503, Throttled),
            ("TooManyRequestsException", 429, Throttled),
            ("RequestThrottled", 403, Throttled),
            ("OverLimit", 403, Throttled),
            ("TransactionConflictException", 400, Contended),
            ("TransactionInProgressException", 400, Contended),
            ("InternalServerError", 500, Unavailable),
            ("ServerException", 400, Unavailable),
            ("ServiceUnavailable", 503, Unavailable),
            ("RequestTimeout", 400, TimedOut),
            ("AccessDeniedException", 400, Denied),
            ("ExpiredTokenException", 400, Denied),
            ("UnrecognizedClientException", 400, Denied),
            ("InvalidClientTokenId", 403, Denied),
            ("InvalidSignatureException", 400, Denied),
            ("ClusterNotFoundException", 400, NotFound),
            ("ServiceNotFoundException", 400, NotFound),
            ("ResourceNotFoundException", 400, NotFound),
            ("QueueDoesNotExist", 400, NotFound),
            ("AWS.SimpleQueueService.NonExistentQueue", 400, NotFound),
            ("ValidationException", 400, Refused),
            ("InvalidParameterException", 400, Refused),
            ("ClientException", 400, Refused),
            ("ConflictException", 400, Refused),
            ("IdempotentParameterMismatchException", 400, Refused),
            ("ConditionalCheckFailedException", 400, Refused),
            ("SomethingNewException", 500, Unavailable),
            ("SomethingNewException", 502, Unavailable),
            ("SomethingNewException", 429, Throttled),
            ("SomethingNewException", 403, Denied),
            ("SomethingNewException", 404, NotFound),
            ("SomethingNewException", 409, Refused),
        ];
        for (code, status, expected) in table {
            assert_eq!(kind_of(Some(code), status), expected, "{code}, HTTP {status}");
        }
    }

    #[test]
    fn without_a_code_the_status_decides() {
        for (status, expected) in [
            (400, FaultKind::Refused),
            (401, FaultKind::Denied),
            (408, FaultKind::TimedOut),
            (429, FaultKind::Throttled),
            (503, FaultKind::Unavailable),
            (200, FaultKind::Unintelligible),
        ] {
            assert_eq!(kind_of(None, status), expected, "HTTP {status}");
        }
    }

    #[test]
    fn only_a_success_is_a_success_without_its_shape() {
        for status in [200, 299] {
            assert_eq!(kind_of(None, status), FaultKind::Unintelligible, "{status}");
        }
        assert_eq!(kind_of(None, 300), kind_of_status(300));
        assert_ne!(kind_of(None, 300), FaultKind::Unintelligible);
    }
}
