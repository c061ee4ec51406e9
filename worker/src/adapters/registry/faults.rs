//! oci-client's errors as faults of this product. oci-client keeps no header of a refusal (so no `Retry-After`)
//! and, where the registry sends an OCI error, not even the status: then the error's code tells. Must never
//! show a URL (a redirect's may be signed) or a credential.

use http::{HeaderMap, StatusCode};
use oci_client::errors::{OciDistributionError, OciEnvelope, OciError};
use serde_json::Value;

use crate::faults::http::{Secrets, excerpt, kind, refusal, transport};
use crate::faults::registry::kind_of_codes;
use crate::faults::{Condition, Fault, FaultKind, Service};

/// An error of oci-client as a fault of this operation.
pub(super) fn from_oci(operation: &'static str, error: OciDistributionError, secrets: &Secrets) -> Fault {
    let plain = |kind, words: &str| fault(operation, kind, &secrets.hide(words));
    match error {
        OciDistributionError::RequestError(error) => transport(Service::Registry, operation, error),
        OciDistributionError::RegistryError { envelope, .. } => {
            plain(kind_of_envelope(&envelope), &words_of(&envelope))
        }
        OciDistributionError::ServerError { code, message, .. } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let words = serde_json::from_str::<OciEnvelope>(&message).map_or(message, |e| words_of(&e));
            refusal(Service::Registry, operation, status, &HeaderMap::new(), &secrets.hide(&words))
        }
        OciDistributionError::UnauthorizedError { .. } => plain(
            FaultKind::Denied,
            "401: the registry does not accept this user and password, does not let this user do that, \
             or does not know the repository",
        ),
        OciDistributionError::AuthenticationFailure(words) => login(operation, &words, secrets),
        OciDistributionError::ImageManifestNotFoundError(words) => plain(FaultKind::NotFound, &words),
        OciDistributionError::IoError(error) => plain(Condition::ConnectionBroke.kind(), &error.to_string()),
        other => plain(Condition::UnreadableSuccess.kind(), &other.to_string()),
    }
}

/// A fault of the registry.
pub(super) fn fault(operation: &'static str, kind: FaultKind, words: &str) -> Fault {
    Fault::new(Service::Registry, operation, kind, excerpt(words))
}

/// The token service's refusal, of which oci-client keeps the body alone. A token service refuses in JSON;
/// anything else comes from something before it that is out of order, and that passes.
fn login(operation: &'static str, body: &str, secrets: &Secrets) -> Fault {
    let said = format!("logging in was refused: {}", secrets.hide(body));
    let parsed = serde_json::from_str::<Value>(body).ok();
    let condition = match (serde_json::from_str::<OciEnvelope>(body), parsed) {
        (Ok(envelope), _) if kind_of_envelope(&envelope) == FaultKind::Throttled => Condition::LoginLimited,
        _ if tells_of_a_limit(body) => Condition::LoginLimited,
        (_, Some(_)) => Condition::LoginRefused,
        (_, None) => Condition::LoginOutOfOrder,
    };
    fault(operation, condition.kind(), &said)
}

fn tells_of_a_limit(words: &str) -> bool {
    kind(StatusCode::FORBIDDEN, &HeaderMap::new(), words) == FaultKind::Throttled
        || words.to_lowercase().contains("too many")
}

fn kind_of_envelope(envelope: &OciEnvelope) -> FaultKind {
    let codes: Vec<String> = envelope.errors.iter().map(code_of).collect();
    kind_of_codes(codes.iter().map(String::as_str))
}

/// The code as the registry wrote it.
fn code_of(error: &OciError) -> String {
    let code = serde_json::to_value(&error.code).ok();
    code.as_ref().and_then(Value::as_str).unwrap_or("UNKNOWN").to_owned()
}

fn words_of(envelope: &OciEnvelope) -> String {
    let one = |error: &OciError| {
        let code = code_of(error);
        if error.message.is_empty() { code } else { format!("{code}: {}", error.message) }
    };
    if envelope.errors.is_empty() {
        return "the registry refused without naming an error".to_owned();
    }
    envelope.errors.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "dckr_pat_s3cret";

    fn from(error: OciDistributionError) -> Fault {
        from_oci("test", error, &Secrets::new([SECRET.into()]))
    }

    fn envelope(code: &str) -> OciDistributionError {
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"because of {SECRET}"}}]}}"#);
        let envelope = serde_json::from_str(&body).unwrap();
        OciDistributionError::RegistryError { envelope, url: format!("https://host/?sig={SECRET}") }
    }

    fn server(code: u16, message: &str) -> OciDistributionError {
        OciDistributionError::ServerError {
            code,
            url: format!("https://h/?{SECRET}"),
            message: message.into(),
        }
    }

    #[test]
    fn each_error_is_of_one_kind_and_shows_no_secret() {
        use FaultKind::{Denied, NotFound, Refused, Throttled, Unavailable, Unintelligible};
        let login = |body: &str| OciDistributionError::AuthenticationFailure(body.to_owned());
        let cases = [
            (envelope("TOOMANYREQUESTS"), Throttled),
            (envelope("DENIED"), Denied),
            (envelope("MANIFEST_UNKNOWN"), NotFound),
            (envelope("NAME_UNKNOWN"), NotFound),
            (envelope("TAG_INVALID"), Refused),
            (envelope("SOMETHING_NEW"), Refused),
            (server(429, SECRET), Throttled),
            (server(503, SECRET), Unavailable),
            (server(404, ""), NotFound),
            (server(403, r#"{"errors":[{"code":"DENIED","message":"no"}]}"#), Denied),
            (server(409, r#"{"errors":[{"code":"CONFLICT","message":"exists"}]}"#), Refused),
            (OciDistributionError::UnauthorizedError { url: SECRET.into() }, Denied),
            (login(&format!(r#"{{"details":"wrong {SECRET}"}}"#)), Denied),
            (login(r#"{"errors":[{"code":"TOOMANYREQUESTS","message":""}]}"#), Throttled),
            (login("Too Many Requests"), Throttled),
            (login("<html>502 Bad Gateway</html>"), Unavailable),
            (OciDistributionError::RegistryNoDigestError, Unintelligible),
        ];
        for (error, expected) in cases {
            let shown = format!("{error:?}");
            let fault = from(error);
            assert_eq!(fault.kind, expected, "{shown}");
            assert!(!format!("{fault:?} {fault}").contains(SECRET), "{fault:?}");
        }
    }

    #[test]
    fn the_registry_s_own_words_are_kept() {
        assert_eq!(from(envelope("DENIED")).message, "DENIED: because of [hidden]");
        let refused = from(server(400, r#"{"errors":[{"code":"TAG_INVALID","message":"it exists"}]}"#));
        assert_eq!(refused.message, "400 Bad Request: TAG_INVALID: it exists");
    }
}
