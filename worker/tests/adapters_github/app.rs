//! Speaking as a GitHub App: its installation is looked up once, its token asked for and renewed, and a refusal
//! on that way is never taken for an answer about the repository.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep::adapters::github::{GitHubAuth, GitHubForge};
use lockstep::faults::FaultKind;
use lockstep::ports::Forge;
use serde_json::json;

use crate::double::{Answer, Call, Double, settings};

/// A key made for this run of the tests: none is kept in the repository.
fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
    })
}

fn forge(double: &Double) -> GitHubForge {
    let auth = GitHubAuth::App { id: 12, private_key: key().into() };
    GitHubForge::new(settings(&double.url, auth)).unwrap()
}

fn bearer(call: &Call) -> String {
    call.headers["authorization"].to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

fn token(text: &str) -> Answer {
    let answer = json!({ "token": text, "expires_at": "2999-01-01T00:00:00Z", "permissions": {} });
    Answer::new(201, answer)
}

#[tokio::test]
async fn an_app_speaks_as_its_installation_on_the_repository_alone() {
    let double = Double::start(|call| match call.line.as_str() {
        "GET /repos/o/r/installation" => Answer::new(200, json!({ "id": 34 })),
        "POST /app/installations/34/access_tokens" => token("ghs_one"),
        _ => Answer::new(200, json!({ "default_branch": "main" })),
    })
    .await;
    let forge = forge(&double);
    for _ in 0..2 {
        assert_eq!(forge.default_branch().await.unwrap(), "main");
    }
    let lines = [
        "GET /repos/o/r/installation",
        "POST /app/installations/34/access_tokens",
        "GET /repos/o/r",
        "GET /repos/o/r",
    ];
    assert_eq!(double.lines(), lines);
    let calls = double.calls();
    assert_eq!(calls[1].body["repositories"], json!(["r"]));
    assert_eq!(bearer(&calls[0]).split('.').count(), 3, "a signed token of the App itself");
    assert_eq!(bearer(&calls[3]), "ghs_one");
}

#[tokio::test]
async fn an_expired_installation_token_is_renewed() {
    let issued = AtomicU32::new(0);
    let double = Double::start(move |call| match call.line.as_str() {
        "GET /repos/o/r/installation" => Answer::new(200, json!({ "id": 34 })),
        "POST /app/installations/34/access_tokens" => {
            token(&format!("ghs_{}", issued.fetch_add(1, Ordering::SeqCst)))
        }
        _ if bearer(call) == "ghs_0" => Answer::new(401, json!({ "message": "Bad credentials" })),
        _ => Answer::new(200, json!({ "default_branch": "main" })),
    })
    .await;
    assert_eq!(forge(&double).default_branch().await.unwrap(), "main");
}

#[tokio::test]
async fn an_app_that_is_not_installed_is_denied_rather_than_told_that_there_is_nothing() {
    let double = Double::start(|_| Answer::not_found()).await;
    let fault = forge(&double).latest_release().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(fault.message.contains("is it installed on o/r"), "{fault}");

    // A token that GitHub issued is hidden, although nobody configured it.
    let double = Double::start(|call| match call.line.as_str() {
        "GET /repos/o/r/installation" => Answer::new(200, json!({ "id": 34 })),
        "POST /app/installations/34/access_tokens" => token("ghs_issued"),
        _ => Answer::new(403, format!("saw {:?}", call.headers["authorization"])),
    })
    .await;
    let fault = forge(&double).latest_release().await.unwrap_err();
    assert!(fault.message.contains("saw") && !format!("{fault:?}").contains("issued"), "{fault:?}");

    let double = Double::start(|_| Answer::new(503, "").with("retry-after", 3)).await;
    let forge = forge(&double);
    let fault = forge.latest_release().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unavailable);
    assert!(forge.latest_release().await.is_err(), "asked again, not remembered");
    assert_eq!(double.calls().len(), 2);
}
