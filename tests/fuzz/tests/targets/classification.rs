//! The one place that classifies errors, given any answer: total, consistent in itself, the same every time,
//! and discreet.

use fuzz_targets::{Answer, SECRET, check_fault, check_secret};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use lockstep::faults::http::{EXCERPT_CHARACTERS, Secrets, excerpt, kind, refusal};
use lockstep::faults::{FaultKind, Service, aws};

use crate::target;

#[test]
fn error_classification() {
    let secrets = Secrets::new([SECRET.into()]);
    target!("error_classification", "classification", |answer: &Answer| {
        let Some(status) = answer.status.and_then(|status| StatusCode::from_u16(status).ok()) else { return };
        let words = answer.text();
        let headers = headers(answer);
        let hidden = secrets.hide(&words);
        check_secret(&hidden);
        assert_eq!(secrets.hide(&hidden), hidden, "hiding twice hides more");
        let short = excerpt(&hidden);
        assert!(short.chars().count() <= EXCERPT_CHARACTERS + 1 && !short.chars().any(char::is_control));

        let found = kind(status, &headers, &words);
        check_kind(status, found);
        let fault = refusal(Service::GitHub, "list commits", status, &headers, &hidden);
        check_fault(&fault, Service::GitHub);
        assert_eq!(fault.kind, kind(status, &headers, &hidden));
        // A wait is asked for only of what waiting cures.
        assert!(fault.retry_after.is_none() || fault.is_transient(), "{fault:?}");

        for code in words.split(|c: char| !c.is_alphanumeric() && c != '.').take(50) {
            let of_code = aws::kind_of_code(code);
            assert_eq!(of_code, aws::kind_of_code(code), "{code}");
            // Codes that AWS adds later mean what their status says, so they are not guessed at.
            assert!(of_code.is_none() || code.len() > 3, "{code} is no code");
        }
    });
}

/// RFC 9110, "Status Codes": a class says what to think of a status that nobody knows.
fn check_kind(status: StatusCode, found: FaultKind) {
    let transient = |kind| {
        use FaultKind::{Connection, Contended, Throttled, TimedOut, Unavailable};
        matches!(kind, Throttled | Unavailable | TimedOut | Connection | Contended)
    };
    match status.as_u16() {
        500..=599 => assert_eq!(found, FaultKind::Unavailable, "{status}"),
        429 => assert_eq!(found, FaultKind::Throttled),
        408 => assert_eq!(found, FaultKind::TimedOut),
        // A limit or a denial, as the answer says; nothing else.
        403 => assert!(matches!(found, FaultKind::Throttled | FaultKind::Denied), "{found:?}"),
        400..=499 => assert!(!transient(found), "{status} is {found:?} and would be tried again"),
        _ => assert_eq!(found, FaultKind::Unintelligible, "{status}"),
    }
}

fn headers(answer: &Answer) -> HeaderMap {
    let pairs = answer.headers.iter();
    pairs
        .filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?))
        })
        .collect()
}
