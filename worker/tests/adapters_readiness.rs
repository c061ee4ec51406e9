//! The readiness adapter against a real HTTP server: what counts as ready, and that nothing else does.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use lockstep::adapters::readiness::HttpApplication;
use lockstep::ports::{Application, ReadinessAnswer, ReadinessProbe};

const INFO: &str = r#"{"version":"1.2.3","commit":"abc","build":{"number":7}}"#;

async fn serve() -> String {
    let router = Router::new()
        .route("/ready", get(|| async { INFO }))
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .route("/starting", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, "é".repeat(400)) }))
        .route("/moved", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/ready")]) }))
        .route(
            "/endless",
            get(|| async { format!("{{\"commit\":\"abc\",\"x\":\"{}\"}}", "x".repeat(3_000_000)) }),
        )
        .route("/slow", get(std::future::pending::<()>));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

async fn probe(url: String, must_equal: Option<(&str, &str)>) -> ReadinessAnswer {
    let must_equal = must_equal.map(|(pointer, text)| (pointer.to_owned(), text.to_owned()));
    let application = HttpApplication::new(Duration::from_secs(20)).unwrap();
    application.probe(&ReadinessProbe { url, must_equal }).await
}

#[tokio::test]
async fn a_2xx_is_ready_and_its_body_is_kept() {
    let base = serve().await;
    let answer = probe(format!("{base}/ready"), None).await;
    assert_eq!(answer, ReadinessAnswer { ready: true, status: Some(200), detail: INFO.to_owned() });
    assert!(probe(format!("{base}/empty"), None).await.ready);
}

#[tokio::test]
async fn any_other_status_is_not_ready() {
    let base = serve().await;
    let answer = probe(format!("{base}/starting"), None).await;
    assert_eq!((answer.ready, answer.status), (false, Some(503)));
    assert_eq!(answer.detail, "é".repeat(300));
    let answer = probe(format!("{base}/moved"), None).await;
    assert_eq!((answer.ready, answer.status), (false, Some(302)), "a redirect is not followed");
    assert_eq!(probe(format!("{base}/absent"), None).await.status, Some(404));
}

#[tokio::test]
async fn the_configured_field_must_hold_the_configured_text() {
    let base = serve().await;
    let ready = format!("{base}/ready");
    for (must_equal, expected) in [
        (("/commit", "abc"), true),
        (("/build/number", "7"), true),
        (("/commit", "def"), false),
        (("/absent", "abc"), false),
        (("commit", "abc"), false),
    ] {
        assert_eq!(probe(ready.clone(), Some(must_equal)).await.ready, expected, "{must_equal:?}");
    }
    let answer = probe(ready, Some(("/commit", "def"))).await;
    assert!(answer.detail.starts_with("/commit should be \"def\", but is \"abc\""), "{}", answer.detail);
    assert_eq!(answer.status, Some(200));
    let answer = probe(format!("{base}/empty"), Some(("/commit", "abc"))).await;
    assert!(!answer.ready && answer.detail.contains("not JSON"), "{}", answer.detail);
}

#[tokio::test]
async fn an_answer_is_read_only_so_far() {
    let base = serve().await;
    assert!(probe(format!("{base}/endless"), None).await.ready);
    let answer = probe(format!("{base}/endless"), Some(("/commit", "abc"))).await;
    assert!(!answer.ready, "a status document of megabytes is none");
}

#[tokio::test]
async fn no_answer_is_an_answer() {
    let base = serve().await;
    let application = HttpApplication::new(Duration::from_millis(300)).unwrap();
    let slow = ReadinessProbe { url: format!("{base}/slow"), must_equal: None };
    let answer = application.probe(&slow).await;
    assert_eq!((answer.ready, answer.status), (false, None));
    assert!(!answer.detail.is_empty());

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answer = probe(format!("http://user:s3cret@{closed}/"), None).await;
    assert_eq!((answer.ready, answer.status), (false, None));
    assert!(!answer.detail.contains("s3cret"), "{}", answer.detail);

    assert_eq!(probe("no url".to_owned(), None).await.status, None);
}
