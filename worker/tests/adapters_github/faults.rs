//! What GitHub's refusals and silences become, that nothing is sent twice, and that no secret is shown.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockstep::adapters::github::{GitHubAuth, GitHubForge, GitHubSettings, GitHubSetupError};
use lockstep::faults::FaultKind;
use lockstep::ports::{Dispatch, Forge};
use serde_json::json;

use crate::double::{Answer, TOKEN, always, settings};

fn dispatch() -> Dispatch {
    Dispatch { workflow: "b.yml".to_owned(), reference: "main".to_owned(), inputs: Vec::new() }
}

#[tokio::test]
async fn each_refusal_is_of_its_kind_and_is_not_sent_again() {
    let message = |text: &str| json!({ "message": text });
    let secondary =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    let now = "Wed, 23 Sep 2026 10:00:00 GMT";
    let reset = "1790157720"; // two minutes later
    let cases = [
        (Answer::new(401, message("Bad credentials")), FaultKind::Denied, None),
        (Answer::new(403, message("Resource not accessible by integration")), FaultKind::Denied, None),
        (Answer::new(403, message(secondary)).with("retry-after", 41), FaultKind::Throttled, Some(41)),
        (Answer::new(403, message(secondary)), FaultKind::Throttled, Some(60)),
        (
            Answer::new(429, message("Too many requests")).with("retry-after", 5),
            FaultKind::Throttled,
            Some(5),
        ),
        (
            Answer::new(403, message("API rate limit exceeded for installation ID 1."))
                .with("x-ratelimit-remaining", 0)
                .with("x-ratelimit-reset", reset)
                .with("date", now),
            FaultKind::Throttled,
            Some(120),
        ),
        (Answer::new(404, message("Not Found")), FaultKind::NotFound, None),
        (Answer::new(422, message("Unexpected inputs provided")), FaultKind::Refused, None),
        (Answer::new(500, "<html>oops</html>"), FaultKind::Unavailable, None),
        (Answer::new(503, message("Service unavailable")), FaultKind::Unavailable, None),
    ];
    for (answer, kind, wait) in cases {
        let shown = format!("{answer:?}");
        let (double, forge) = always(answer).await;
        let fault = forge.dispatch(&dispatch()).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.retry_after),
            (kind, wait.map(Duration::from_secs)),
            "{shown}: {fault}"
        );
        assert_eq!(double.calls().len(), 1, "{shown}");
        assert!(fault.message.contains("/actions/workflows/b.yml/dispatches"), "{fault}");
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_is_unintelligible() {
    for body in ["<html>a proxy's page</html>", "{}", "[]", ""] {
        let (_double, forge) = always(Answer::new(200, body)).await;
        assert_eq!(forge.default_branch().await.unwrap_err().kind, FaultKind::Unintelligible, "{body:?}");
    }
}

#[tokio::test]
async fn silence_and_absence_may_have_happened() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, kind) in
        [(silent.local_addr().unwrap(), FaultKind::TimedOut), (closed, FaultKind::Connection)]
    {
        let auth = GitHubAuth::Token(TOKEN.into());
        let forge = GitHubForge::new(GitHubSettings {
            call_timeout: Duration::from_millis(300),
            ..settings(&format!("http://{address}"), auth)
        });
        let fault = forge.unwrap().dispatch(&dispatch()).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.is_transient() && fault.may_have_happened());
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_token_is_in_no_fault_no_setting_and_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: tracing forgets calls that other threads made first without a subscriber.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let echo = format!("the proxy saw \"Authorization: Bearer {TOKEN}\"");
    for answer in [
        Answer::new(403, json!({ "message": echo })),
        Answer::new(502, &echo),
        Answer::new(200, &echo),
        Answer::new(200, json!(echo)),
    ] {
        let (_double, forge) = always(answer).await;
        let fault = forge.default_branch().await.unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains(TOKEN), "{fault:?}");
    }
    assert!(!format!("{:?}", settings("http://x", GitHubAuth::Token(TOKEN.into()))).contains(TOKEN));

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/repos/o/r"), "the requests are logged: {log}");
    assert!(!log.contains(TOKEN));
}

#[tokio::test]
async fn unusable_settings_are_refused_without_their_secrets() {
    let broken = |url: &str, auth| GitHubForge::new(settings(url, auth)).err().unwrap();
    let token = GitHubAuth::Token(format!("{TOKEN}\n").into());
    let error = broken("http://127.0.0.1:1", token);
    assert!(matches!(error, GitHubSetupError::Token) && !error.to_string().contains(TOKEN));
    let app = GitHubAuth::App { id: 1, private_key: "s3cret".into() };
    let error = broken("http://127.0.0.1:1", app);
    assert!(matches!(error, GitHubSetupError::PrivateKey) && !error.to_string().contains("s3cret"));
    let error = broken("user:s3cret@host", GitHubAuth::Token(TOKEN.into()));
    assert!(matches!(error, GitHubSetupError::ApiUrl { .. }) && !error.to_string().contains("s3cret"));
}
