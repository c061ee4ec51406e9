//! Maps an error of any AWS SDK call to a [`Fault`]: by the service's error code, else by the HTTP status,
//! else by how the call broke. Must never copy a message that may quote credentials or signed headers, and
//! never decide whether to try again: [`Fault::is_transient`] says what waiting can cure.

mod codes;

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
// One type behind every SDK's re-export of it.
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use self::codes::{concerns_the_signature, kind_of, kind_of_status};
use super::{Condition, Fault, FaultKind, Service};

pub use self::codes::{CODE_ENDINGS, CODES, OTHERWISE, SIGNATURE_CODES, STATUSES, kind_of_code};

/// As much of a service's words as a record keeps.
const LONGEST_MESSAGE: usize = 300;

/// The fault that an SDK call met; `operation` is AWS's own name of the action, such as `UpdateService`.
#[must_use]
pub fn classify<E>(service: Service, operation: &'static str, error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (kind, message) = match error {
        SdkError::ServiceError(failure) => {
            // A proxy may put an empty one.
            let code = failure.err().code().filter(|code| !code.is_empty());
            let kind = kind_of(code, failure.raw().status().as_u16());
            (kind, words(code, failure.err().message(), failure.raw().status().as_u16()))
        }
        SdkError::TimeoutError(_) => (Condition::NoAnswerInTime.kind(), "no answer in time".to_owned()),
        SdkError::DispatchFailure(failure) => {
            let condition = match failure.as_connector_error() {
                Some(error) if error.is_timeout() => Condition::NoAnswerInTime,
                Some(error) if error.is_user() => Condition::NothingSent,
                _ => Condition::ConnectionBroke,
            };
            credentials(error).unwrap_or_else(|| (condition.kind(), chain(error)))
        }
        SdkError::ResponseError(failure) => {
            let status = failure.raw().status().as_u16();
            // The SDK keeps a body only once it has read all of it.
            let broke_off = failure.raw().body().bytes().is_none();
            let kind = match status {
                _ if broke_off => Condition::AnswerBrokeOff.kind(),
                200..=299 => Condition::UnreadableSuccess.kind(),
                _ => kind_of_status(status),
            };
            (kind, format!("HTTP {status}: {}", chain(error)))
        }
        // Nothing was sent: a bad argument, or no region.
        _ => credentials(error).unwrap_or_else(|| (Condition::NothingSent.kind(), chain(error))),
    };
    let mut fault = Fault::new(service, operation, kind, cut(&message));
    fault.retry_after = retry_after(error);
    fault
}

fn words(code: Option<&str>, message: Option<&str>, status: u16) -> String {
    match (code, message) {
        (Some(code), _) if concerns_the_signature(code) => {
            format!(
                "{code}: the request's signature was not accepted; check the credentials and this host's clock"
            )
        }
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, Some(message)) => format!("HTTP {status}: {message}"),
        (None, None) => format!("HTTP {status} without an error code"),
    }
}

/// Whether the call failed for want of credentials, in words of our own: a provider's may quote its output.
fn credentials<E>(error: &SdkError<E, HttpResponse>) -> Option<(FaultKind, String)>
where
    E: Error + 'static,
{
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            let (condition, words) = match error {
                CredentialsError::CredentialsNotLoaded(_) => (
                    Condition::NoCredentials,
                    "no AWS credentials found; set them in the environment or a profile, or run with a role",
                ),
                CredentialsError::InvalidConfiguration(_) => (
                    Condition::CredentialsMisconfigured,
                    "the AWS credentials are configured wrongly; check the profile and the AWS_* variables",
                ),
                CredentialsError::ProviderTimedOut(_) => (
                    Condition::CredentialsTimedOut,
                    "the source of the AWS credentials did not answer in time",
                ),
                _ => (Condition::CredentialsFailed, "the source of the AWS credentials failed"),
            };
            return Some((condition.kind(), words.to_owned()));
        }
        cause = error.source();
    }
    None
}

fn chain<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + 'static,
{
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn retry_after<E>(error: &SdkError<E, HttpResponse>) -> Option<Duration> {
    let seconds = error.raw_response()?.headers().get("retry-after")?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::{ConnectorError, ErrorMetadata};
    use aws_smithy_types::body::SdkBody;

    use super::*;

    type Failure = SdkError<ErrorMetadata, HttpResponse>;

    fn response(status: u16, body: SdkBody) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), body)
    }

    fn refused(status: u16, code: Option<&str>, message: &str) -> Failure {
        let mut error = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            error = error.code(code);
        }
        SdkError::service_error(error.build(), response(status, SdkBody::from("{}")))
    }

    fn fault(error: &Failure) -> Fault {
        classify(Service::Ecs, "UpdateService", error)
    }

    #[test]
    fn a_refusal_is_told_in_the_services_words() {
        let coded = fault(&refused(400, Some("ThrottlingException"), "Rate exceeded"));
        assert_eq!(
            (coded.kind, coded.message.as_str()),
            (FaultKind::Throttled, "ThrottlingException: Rate exceeded")
        );
        let nameless = fault(&refused(400, Some(""), ""));
        assert_eq!((nameless.kind, nameless.message.as_str()), (FaultKind::Refused, "HTTP 400: "));
        let bare = fault(&refused(503, None, "Try later"));
        assert_eq!((bare.kind, bare.message.as_str()), (FaultKind::Unavailable, "HTTP 503: Try later"));
    }

    #[test]
    fn a_call_without_an_answer_may_have_happened() {
        let timeout = fault(&SdkError::timeout_error("deadline"));
        assert_eq!(timeout.kind, FaultKind::TimedOut);
        assert!(timeout.may_have_happened());
        let connect_timeout = fault(&SdkError::dispatch_failure(ConnectorError::timeout("slow".into())));
        assert_eq!(connect_timeout.kind, FaultKind::TimedOut);
        let connection = fault(&SdkError::dispatch_failure(ConnectorError::io("reset by peer".into())));
        assert_eq!(connection.kind, FaultKind::Connection);
        assert!(connection.message.contains("reset by peer"), "{}", connection.message);
        let half_an_answer = fault(&SdkError::response_error("broken pipe", response(200, SdkBody::taken())));
        assert_eq!(half_an_answer.kind, FaultKind::Connection);
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_unintelligible_unless_its_status_speaks() {
        let unreadable =
            |status| fault(&SdkError::response_error("not JSON", response(status, SdkBody::from("<html>"))));
        assert_eq!(unreadable(200).kind, FaultKind::Unintelligible);
        assert_eq!(unreadable(502).kind, FaultKind::Unavailable);
        assert_eq!(unreadable(429).kind, FaultKind::Throttled);
    }

    #[test]
    fn missing_credentials_are_denied_and_failing_sources_of_them_pass() {
        let failure = |error: CredentialsError| {
            fault(&SdkError::dispatch_failure(ConnectorError::other(error.into(), None))).kind
        };
        assert_eq!(failure(CredentialsError::not_loaded("none")), FaultKind::Denied);
        assert_eq!(failure(CredentialsError::invalid_configuration("loop")), FaultKind::Denied);
        assert_eq!(failure(CredentialsError::provider_error("STS said 503")), FaultKind::Unavailable);
        let timed_out = CredentialsError::provider_timed_out(Duration::from_secs(1));
        assert_eq!(failure(timed_out), FaultKind::TimedOut);
    }

    #[test]
    fn a_message_holds_no_secret_and_stays_short() {
        let quoting = "The Canonical String should have been 'POST x-amz-security-token:SECRET'";
        for code in ["InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"] {
            let fault = fault(&refused(403, Some(code), quoting));
            assert!(!fault.to_string().contains("SECRET"), "{fault}");
        }
        let leaking = CredentialsError::provider_error("process printed SECRET");
        let error = fault(&SdkError::dispatch_failure(ConnectorError::other(leaking.into(), None)));
        assert!(!error.to_string().contains("SECRET"), "{error}");
        let long = fault(&refused(400, Some("ClientException"), &"é".repeat(1000)));
        assert_eq!(long.message.chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn the_wait_that_a_service_asks_for_is_kept() {
        let mut answer = response(503, SdkBody::from("{}"));
        answer.headers_mut().insert("retry-after", "7");
        let error: Failure = SdkError::service_error(ErrorMetadata::builder().build(), answer);
        assert_eq!(fault(&error).retry_after, Some(Duration::from_secs(7)));
    }

    #[test]
    fn what_the_client_would_not_send_was_not_sent() {
        let mine = ConnectorError::user("the address is no address".into());
        let fault = classify::<ErrorMetadata>(Service::Ecs, "X", &SdkError::dispatch_failure(mine));
        assert_eq!((fault.kind, fault.may_have_happened()), (FaultKind::Refused, false), "{fault}");
        let broken = ConnectorError::io("reset by peer".into());
        let fault = classify::<ErrorMetadata>(Service::Ecs, "X", &SdkError::dispatch_failure(broken));
        assert_eq!((fault.kind, fault.may_have_happened()), (FaultKind::Connection, true), "{fault}");
    }
}
