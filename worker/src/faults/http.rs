//! What an HTTP answer (or its absence) means as a fault: the one table for every service that is spoken to
//! over plain HTTP. Must never let a configured secret into a message, and must never call a limit a denial:
//! a limit passes, a denial does not.

use std::error::Error;
use std::ops::RangeInclusive;
use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use secrecy::{ExposeSecret, SecretString};

use super::{Condition, Fault, FaultKind, Service};

/// How many characters of a service's words are kept.
pub const EXCERPT_CHARACTERS: usize = 300;

/// What to wait after GitHub's secondary limit when it names no time.
/// Source: GitHub REST documentation, "Rate limits", "Exceeding the rate limit": at least one minute.
const SECONDARY_LIMIT_WAIT: Duration = Duration::from_secs(60);

/// An answer's status, headers and words, as a fault of this operation.
#[must_use]
pub fn refusal(
    service: Service,
    operation: &'static str,
    status: StatusCode,
    headers: &HeaderMap,
    words: &str,
) -> Fault {
    let kind = kind(status, headers, words);
    let retry_after = match kind {
        FaultKind::Throttled | FaultKind::Unavailable => wait(headers, words, Timestamp::now()),
        _ => None,
    };
    let words = excerpt(words);
    let message = if words.is_empty() { status.to_string() } else { format!("{status}: {words}") };
    Fault { retry_after, ..Fault::new(service, operation, kind, message) }
}

/// A request without an answer, as a fault of this operation. The URL is left out: it may hold a signature.
#[must_use]
pub fn transport(service: Service, operation: &'static str, error: reqwest::Error) -> Fault {
    let condition = if error.is_timeout() {
        Condition::NoAnswerInTime
    } else if error.is_builder() || error.is_redirect() {
        Condition::NoSuchRequest
    } else {
        // A body that breaks off too, which reqwest calls an error of decoding.
        Condition::ConnectionBroke
    };
    Fault::new(service, operation, condition.kind(), excerpt(&chain(&error.without_url())))
}

/// A request that was given up after `limit`.
#[must_use]
pub fn timed_out(service: Service, operation: &'static str, limit: Duration) -> Fault {
    Fault::new(service, operation, Condition::NoAnswerInTime.kind(), format!("no answer within {limit:?}"))
}

/// What a status means; the first row that holds it counts, and what is in none is unintelligible.
pub const STATUSES: &[(RangeInclusive<u16>, FaultKind)] = &[
    (401..=401, FaultKind::Denied),
    (403..=403, FaultKind::Denied),
    (404..=404, FaultKind::NotFound),
    (407..=407, FaultKind::Denied),
    (408..=408, FaultKind::TimedOut),
    (410..=410, FaultKind::NotFound),
    (429..=429, FaultKind::Throttled),
    (400..=499, FaultKind::Refused),
    (500..=599, FaultKind::Unavailable),
];

/// What a status means that [`STATUSES`] does not have: the answer to another question.
pub const OTHERWISE: FaultKind = FaultKind::Unintelligible;

/// The status that is a denial by itself and a limit when anything about the answer says so: GitHub answers
/// both its limits with 403 or 429 (GitHub REST documentation, "Rate limits").
pub const PERHAPS_A_LIMIT: u16 = 403;

/// What an answer to a limit says in words, in lower case.
pub const LIMIT_WORDS: &[&str] = &["rate limit", "abuse detection"];

/// What an answer with this status means.
#[must_use]
pub fn kind(status: StatusCode, headers: &HeaderMap, words: &str) -> FaultKind {
    let status = status.as_u16();
    if status == PERHAPS_A_LIMIT && tells_of_a_limit(headers, words) {
        return FaultKind::Throttled;
    }
    STATUSES.iter().find(|(range, _)| range.contains(&status)).map_or(OTHERWISE, |(_, kind)| *kind)
}

fn tells_of_a_limit(headers: &HeaderMap, words: &str) -> bool {
    headers.contains_key(RETRY_AFTER) || number(headers, "x-ratelimit-remaining") == Some(0) || {
        let words = words.to_lowercase();
        LIMIT_WORDS.iter().any(|limit| words.contains(limit))
    }
}

/// How long an answer asks to wait: `Retry-After` (seconds or a date, RFC 9110), else the reset of a limit that
/// is used up, else what GitHub documents for its secondary limit. Times are taken relative to the answer's own
/// `Date`, so that this host's clock matters only when there is none.
fn wait(headers: &HeaderMap, words: &str, now: Timestamp) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(http_date).unwrap_or(now);
    let until = |then: Timestamp| Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO);
    let asked = text(headers, RETRY_AFTER.as_str()).map(str::trim).and_then(|asked| {
        asked.parse().ok().map(Duration::from_secs).or_else(|| http_date(asked).map(until))
    });
    if asked.is_some() {
        return asked;
    }
    if number(headers, "x-ratelimit-remaining") == Some(0) {
        let reset = number(headers, "x-ratelimit-reset")?;
        return Timestamp::from_second(reset).ok().map(until);
    }
    words.to_lowercase().contains("secondary rate limit").then_some(SECONDARY_LIMIT_WAIT)
}

fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    text(headers, name)?.trim().parse().ok()
}

/// An error and its causes in one line, each said once.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}

/// The first [`EXCERPT_CHARACTERS`] characters of a text, on one line.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(EXCERPT_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Secrets that this process sends and that a service (or something between) may send back.
#[derive(Debug, Clone, Default)]
pub struct Secrets(Vec<SecretString>);

impl Secrets {
    /// These secrets; empty ones are nothing to hide.
    #[must_use]
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self(secrets.into_iter().filter(|secret| !secret.expose_secret().is_empty()).collect())
    }

    /// The text without them, and without anything else that looks like a credential: the tokens that a service
    /// issues in exchange are secrets too. To be called before a text is cut: half a secret is one as well.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let text =
            self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), HIDDEN));
        hide_credentials(&text)
    }
}

const HIDDEN: &str = "[hidden]";

/// How issued tokens begin: GitHub's and Docker Hub's documented prefixes, and signed tokens (JWT).
const TOKEN_PREFIXES: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "dckr_pat_", "eyJ"];

/// The shortest word after `Bearer` or `Basic` that is rather a credential than a word of a sentence.
const SHORTEST_CREDENTIAL: usize = 16;

fn hide_credentials(text: &str) -> String {
    let in_token = |c: char| c.is_ascii_alphanumeric() || "._-+/~".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut after_scheme = false;
    for piece in text.split_inclusive(|c| !in_token(c)) {
        let word = piece.trim_end_matches(|c| !in_token(c));
        let credential = TOKEN_PREFIXES.iter().any(|prefix| word.starts_with(prefix))
            || (after_scheme && word.len() >= SHORTEST_CREDENTIAL);
        shown.push_str(if credential { HIDDEN } else { word });
        shown.push_str(&piece[word.len()..]);
        after_scheme = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
    }
    shown
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes.";
    const NOW: i64 = 1_790_000_000;

    type Headers<'a> = &'a [(&'a str, &'a str)];

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn each_status_is_of_one_kind() {
        use FaultKind::{Denied, NotFound, Refused, Throttled, TimedOut, Unavailable, Unintelligible};
        let plain: Headers<'_> = &[];
        let cases: &[(u16, Headers<'_>, &str, FaultKind)] = &[
            (400, plain, "", Refused),
            (401, plain, "Bad credentials", Denied),
            (403, plain, "Resource not accessible by integration", Denied),
            (403, &[("x-ratelimit-remaining", "4999")], "Must have admin rights", Denied),
            (403, &[("x-ratelimit-remaining", "0")], "", Throttled),
            (403, &[("retry-after", "30")], "", Throttled),
            (403, plain, SECONDARY, Throttled),
            (403, plain, "API rate limit exceeded for installation ID 1.", Throttled),
            (403, plain, "You have triggered an abuse detection mechanism.", Throttled),
            (404, plain, "Not Found", NotFound),
            (408, plain, "", TimedOut),
            (409, plain, "", Refused),
            (410, plain, "", NotFound),
            (422, plain, "Validation Failed", Refused),
            (429, plain, "", Throttled),
            (500, plain, "", Unavailable),
            (503, &[("retry-after", "5")], "", Unavailable),
            (302, plain, "", Unintelligible),
        ];
        for (status, with, words, expected) in cases {
            let status = StatusCode::from_u16(*status).unwrap();
            assert_eq!(kind(status, &headers(with), words), *expected, "{status} {with:?} {words:?}");
        }
    }

    #[test]
    fn the_wait_is_what_the_answer_asks_for() {
        let reset = (NOW + 90).to_string();
        let past = (NOW - 5).to_string();
        let date = "Wed, 23 Sep 2026 10:00:00 GMT";
        let cases: &[(Headers<'_>, &str, Option<u64>)] = &[
            (&[], "", None),
            (&[("retry-after", "30")], SECONDARY, Some(30)),
            (&[("date", date), ("retry-after", "Wed, 23 Sep 2026 10:02:00 GMT")], "", Some(120)),
            (&[("retry-after", "soon")], "", None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], "", Some(90)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &past)], "", Some(0)),
            (&[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", &reset)], "", None),
            (&[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", &reset)], SECONDARY, Some(60)),
        ];
        for (with, words, expected) in cases {
            let waits = wait(&headers(with), words, Timestamp::from_second(NOW).unwrap());
            assert_eq!(waits, expected.map(Duration::from_secs), "{with:?} {words:?}");
        }
    }

    #[test]
    fn only_faults_that_pass_carry_a_wait() {
        let asked = headers(&[("retry-after", "9")]);
        let of = |status| refusal(Service::GitHub, "test", status, &asked, "").retry_after;
        assert_eq!(of(StatusCode::SERVICE_UNAVAILABLE), Some(Duration::from_secs(9)));
        assert_eq!(of(StatusCode::TOO_MANY_REQUESTS), Some(Duration::from_secs(9)));
        assert_eq!(of(StatusCode::UNPROCESSABLE_ENTITY), None);
    }

    #[test]
    fn words_are_one_short_line_and_secrets_are_hidden() {
        assert_eq!(excerpt(" a\nb\tc "), "a b c");
        assert_eq!(excerpt(&"é".repeat(301)).chars().count(), EXCERPT_CHARACTERS + 1);
        assert_eq!(excerpt(&"é".repeat(300)), "é".repeat(300));
        let secrets = Secrets::new(["s3cret".into(), "".into()]);
        assert_eq!(secrets.hide("token s3cret refused"), "token [hidden] refused");
        assert!(!format!("{secrets:?}").contains("s3cret"));
    }

    #[test]
    fn issued_tokens_are_hidden_and_sentences_are_not() {
        let hide = |text| Secrets::default().hide(text);
        assert_eq!(hide("saw \"Bearer abcdefgh.12345678\", no"), "saw \"Bearer [hidden]\", no");
        assert_eq!(hide("authorization: basic cm9ib3Q6czNjcmV0IQ=="), "authorization: basic [hidden]==");
        assert_eq!(hide("token=ghs_abc, eyJhbGciOi.x.y"), "token=[hidden], [hidden]");
        for sentence in ["a Bearer token is required", "Basic authentication failed: é «x»", ""] {
            assert_eq!(hide(sentence), sentence);
        }
    }

    #[test]
    fn a_request_that_cannot_be_made_is_refused_and_nothing_was_sent() {
        let error = reqwest::Client::new().get("no address").build().unwrap_err();
        let fault = transport(Service::GitHub, "X", error);
        assert_eq!((fault.kind, fault.may_have_happened()), (FaultKind::Refused, false), "{fault}");
    }

    #[test]
    fn an_error_is_told_with_its_causes_each_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("{words}")]
        struct Link {
            words: &'static str,
            source: Option<Box<Link>>,
        }
        let link = |words, source: Option<Link>| Link { words, source: source.map(Box::new) };
        let told = link("no answer", Some(link("connection reset", Some(link("reset", None)))));
        assert_eq!(chain(&told), "no answer: connection reset");
        assert_eq!(chain(&link("alone", None)), "alone");
    }
}
