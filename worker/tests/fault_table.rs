//! docs/faults.md is what `lockstep::faults` does: its tables are printed here, row by row. To renew it after a
//! change of them: `UPDATE_GENERATED=1 cargo test -p lockstep --test fault_table`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::path::Path;

use http::{HeaderMap, StatusCode};
use lockstep::faults::{Condition, FaultKind, aws, http as over_http, registry};

const INTRODUCTION: &str = "\
<!-- Generated from lockstep::faults. To renew it after a change of its tables:
UPDATE_GENERATED=1 cargo test -p lockstep --test fault_table -->

# Faults: what is tried again, and what is not

Every error of everything outside is of one kind, decided in `worker/src/faults` and nowhere else: by the
service's own code, else by the HTTP status, else by how the call broke. The kind alone says whether trying again can
help and whether the call may have taken effect although it failed.

A retry waits in the queue and not in a worker: a delay drawn between nothing and min(`retry.cap_seconds`,
`retry.base_seconds` × 2^(n-1)) after n faults in a row, or what the service asked for if that is longer, and never
past the state's deadline. Each is an item of the deployment's history, with its cause and the time of the next
try. After `retry.budget` faults in a row the deployment is treated as after a permanent fault, and says which service
failed how often.

Beside this table: a failed condition of DynamoDB (`ConditionalCheckFailed`) is an outcome and no fault; a 404 is an answer
where something may be absent (a tag, a release, an image, a service); a transaction of which nothing but
`TransactionConflict` was in the way is sent again at once, up to five times under the same token, before it counts as
a fault; the deployed application's answers are never faults, only not ready yet, until the deadline.
";

const COLUMNS: &str = "Kind | Tried again | May have taken effect | What the deployment does";

#[test]
fn the_checked_in_table_matches_the_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let expected = document();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "docs/faults.md has drifted: see the first lines of this file");
}

#[test]
fn of_what_is_permanent_only_an_unreadable_answer_may_have_happened_and_every_kind_is_listed_once() {
    for kind in FaultKind::ALL {
        let in_doubt = !kind.is_transient() && kind.may_have_happened();
        assert_eq!(in_doubt, kind == FaultKind::Unintelligible, "{kind:?}");
        assert_eq!(FaultKind::ALL.iter().filter(|other| **other == kind).count(), 1);
    }
    for condition in Condition::ALL {
        assert_eq!(Condition::ALL.iter().filter(|other| **other == condition).count(), 1, "{condition:?}");
    }
}

#[test]
fn no_code_has_two_meanings() {
    let mut codes: Vec<&str> = aws::CODES.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    codes.extend(registry::CODES.iter().flat_map(|(_, codes)| codes.iter().copied()));
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    for (kind, codes) in aws::CODES {
        assert!(codes.iter().all(|code| aws::kind_of_code(code) == Some(*kind)), "{codes:?}");
    }
}

/// The tables of statuses are read row by row; this reads them status by status.
#[test]
fn every_status_means_what_its_row_says() {
    for status in 100..=599 {
        let row = over_http::STATUSES.iter().find(|(range, _)| range.contains(&status));
        let kind = over_http::kind(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), "");
        assert_eq!(kind, row.map_or(over_http::OTHERWISE, |(_, kind)| *kind), "HTTP {status}");
    }
}

fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    section(&mut text, "DynamoDB, SQS and ECS, by error code", "Code");
    for (kind, codes) in aws::CODES {
        row(&mut text, &listed(codes), *kind);
    }
    for (kind, ending) in aws::CODE_ENDINGS {
        row(&mut text, &format!("any code that ends in `{ending}`"), *kind);
    }
    section(&mut text, "DynamoDB, SQS and ECS, by HTTP status, where the code is none of these", "Status");
    statuses(&mut text, aws::STATUSES);
    row(&mut text, "any other from 300, such as 400 with `ValidationException`", aws::OTHERWISE);
    section(&mut text, "GitHub and the image registry, by HTTP status", "Status");
    let limit = limits();
    row(&mut text, &limit, FaultKind::Throttled);
    statuses(&mut text, over_http::STATUSES);
    row(&mut text, "any other that is no success", over_http::OTHERWISE);
    section(&mut text, "The image registry, by error code, where its client shows no status", "Code");
    for (kind, codes) in registry::CODES {
        row(&mut text, &listed(codes), *kind);
    }
    row(&mut text, "any other", registry::kind_of_codes(std::iter::empty()));
    section(&mut text, "Where there is neither code nor status", "Condition");
    for condition in Condition::ALL {
        row(&mut text, in_words(condition), condition.kind());
    }
    text.push_str(REMARKS);
    text
}

const REMARKS: &str = "
## Which services this is said of

| Service | Its faults |
|---|---|
| DynamoDB, SQS | met by an effect (recording an image, binding a version): as in the tables. Met by the engine itself (reading or \
writing the history, sending a wake-up): nothing is recorded, the message comes back; a wake-up is sent afresh, so that a table out of \
reach does not use its deliveries up. A permanent one comes back until somebody mends it, then goes to the dead-letter queue |
| ECS, GitHub, the image registry | as in the tables |
| The application | never a fault: every answer but the right one is \"not ready yet\" |
";

fn section(text: &mut String, title: &str, first: &str) {
    write!(text, "\n## {title}\n\n| {first} | {COLUMNS} |\n|---|---|---|---|---|\n").unwrap();
}

fn row(text: &mut String, condition: &str, kind: FaultKind) {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let name = serde_json::to_value(kind).unwrap();
    writeln!(
        text,
        "| {condition} | {} | {} | {} | {} |",
        name.as_str().unwrap(),
        yes(kind.is_transient()),
        yes(kind.may_have_happened()),
        consequence(kind)
    )
    .unwrap();
}

fn statuses(text: &mut String, table: &[(RangeInclusive<u16>, FaultKind)]) {
    for (range, kind) in table {
        let (first, last) = (*range.start(), *range.end());
        let status = match last {
            _ if first == last => first.to_string(),
            u16::MAX => format!("from {first}"),
            _ if table.iter().any(|(other, _)| other != range && range.contains(other.start())) => {
                format!("any other from {first} to {last}")
            }
            _ => format!("{first} to {last}"),
        };
        row(text, &status, *kind);
    }
}

fn listed(codes: &[&str]) -> String {
    codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ")
}

fn limits() -> String {
    let words: Vec<String> = over_http::LIMIT_WORDS.iter().map(|words| format!("\"{words}\"")).collect();
    format!(
        "{} with `Retry-After`, with `x-ratelimit-remaining: 0`, or with the words {}",
        over_http::PERHAPS_A_LIMIT,
        words.join(" or ")
    )
}

/// What a deployment does about a fault of this kind, in the order in which it matters.
fn consequence(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Throttled | FaultKind::Contended => {
            "gives its claim up and tries again, so that any worker may"
        }
        FaultKind::Unavailable | FaultKind::TimedOut | FaultKind::Connection => {
            "a read is tried again; after a change it keeps its claim, waits a lease at least, and looks for what it sent before it sends again"
        }
        FaultKind::NotFound => {
            "where it may be absent: an answer. Else it ends: in `failed` before anything was deployed, by the way back after"
        }
        FaultKind::Unintelligible => {
            "ends like any permanent fault; after a change not before a lease has passed, when what was sent has arrived or never will"
        }
        FaultKind::Denied | FaultKind::Refused => {
            "ends: in `failed` before anything was deployed, by the way back after"
        }
    }
}

fn in_words(condition: Condition) -> &'static str {
    match condition {
        Condition::NoAnswerInTime => "no answer within `worker.call_timeout_seconds`",
        Condition::ConnectionBroke => "the connection could not be made, or broke",
        Condition::AnswerBrokeOff => "the answer broke off",
        Condition::NothingSent => "the AWS SDK does not send it: a bad argument, no region",
        Condition::NoSuchRequest => "the request cannot be made, or is redirected for ever",
        Condition::UnreadableSuccess => "a success without the documented shape",
        Condition::EndlessList => "a list that does not end",
        Condition::NoCredentials => "no AWS credentials",
        Condition::CredentialsMisconfigured => "AWS credentials configured wrongly",
        Condition::CredentialsTimedOut => "the source of the AWS credentials does not answer in time",
        Condition::CredentialsFailed => "the source of the AWS credentials fails",
        Condition::KeyCannotSign => "the GitHub App's key cannot sign",
        Condition::AppNotInstalled => "404 to the question for the GitHub App's installation",
        Condition::LoginRefused => "the registry's token service refuses, in JSON",
        Condition::LoginLimited => "the registry's token service speaks of a limit",
        Condition::LoginOutOfOrder => {
            "something answers, not in JSON, in place of the registry's token service"
        }
    }
}
