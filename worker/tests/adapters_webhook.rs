//! The webhook's adapter against a real HTTP server: what is sent, how it is signed, what counts as taken, and that the
//! address never shows.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use lockstep::adapters::webhook::HttpWebhook;
use lockstep::faults::{Fault, FaultKind};
use lockstep::notifications::SigningKey;
use lockstep::ports::{Notice, Webhook};

/// The secret of the address, as a chat has it in the path.
const TOKEN: &str = "T0123-very-secret";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Arrived = Arc<Mutex<Vec<(HeaderMap, String)>>>;

async fn answer(
    State(arrived): State<Arrived>,
    Path((status, _)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    arrived.lock().unwrap().push((headers, body));
    match status.as_str() {
        "slow" => std::future::pending().await,
        "moved" => (StatusCode::FOUND, [(header::LOCATION, "/200/elsewhere")]).into_response(),
        "limited" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response(),
        code => {
            let status = StatusCode::from_u16(code.parse().unwrap()).unwrap();
            (status, format!("no /{code}/{TOKEN} here")).into_response()
        }
    }
}

async fn serve() -> (String, Arrived) {
    let arrived = Arrived::default();
    let router = Router::new().route("/{status}/{token}", post(answer)).with_state(arrived.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (format!("http://{address}"), arrived)
}

fn notice() -> Notice {
    Notice {
        id: "01890a5d-ac96-774b-bcce-b302099a8057/9".to_owned(),
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        body: r#"{"occasion":"healthy"}"#.to_owned(),
    }
}

fn webhook(url: &str, key: Option<SigningKey>, timeout: Duration) -> HttpWebhook {
    HttpWebhook::new(&url.to_owned().into(), key, timeout).unwrap()
}

async fn refused(path: &str, timeout: Duration) -> Fault {
    let (base, _) = serve().await;
    webhook(&format!("{base}/{path}/{TOKEN}"), None, timeout).post(&notice()).await.unwrap_err()
}

#[tokio::test]
async fn a_notice_arrives_whole_with_its_id_and_a_signature_that_its_receiver_can_check() {
    let (base, arrived) = serve().await;
    let key = SigningKey::new(&SECRET.to_owned().into()).unwrap();
    let signed = webhook(&format!("{base}/200/{TOKEN}"), Some(key.clone()), Duration::from_secs(20));
    signed.post(&notice()).await.unwrap();
    let (headers, body) = arrived.lock().unwrap().pop().unwrap();
    assert_eq!(body, notice().body);
    let header = |name: &str| headers[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), notice().id);
    assert_eq!(header("webhook-timestamp"), notice().at.as_second().to_string());
    assert_eq!(header("webhook-signature"), key.sign(&notice().id, notice().at.as_second(), &body));
    webhook(&format!("{base}/204/{TOKEN}"), None, Duration::from_secs(20)).post(&notice()).await.unwrap();
    assert!(!arrived.lock().unwrap()[0].0.contains_key("webhook-signature"));
}

#[tokio::test]
async fn a_refusal_is_a_fault_of_its_kind_without_the_address() {
    for (path, kind) in [
        ("500", FaultKind::Unavailable),
        ("404", FaultKind::NotFound),
        ("403", FaultKind::Denied),
        ("400", FaultKind::Refused),
        ("moved", FaultKind::Unintelligible),
    ] {
        let fault = refused(path, Duration::from_secs(20)).await;
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(!fault.to_string().contains(TOKEN), "{fault}");
    }
    let limited = refused("limited", Duration::from_secs(20)).await;
    assert_eq!((limited.kind, limited.retry_after), (FaultKind::Throttled, Some(Duration::from_secs(7))));
}

#[tokio::test]
async fn no_answer_is_a_fault_that_may_hide_that_it_arrived() {
    let slow = refused("slow", Duration::from_millis(200)).await;
    assert_eq!(slow.kind, FaultKind::TimedOut);
    assert!(slow.may_have_happened());
    let nobody = webhook(&format!("http://127.0.0.1:1/{TOKEN}"), None, Duration::from_secs(20));
    let fault = nobody.post(&notice()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Connection);
    assert!(!fault.to_string().contains(TOKEN), "{fault}");
    assert!(!format!("{nobody:?}").contains(TOKEN));
}

#[test]
fn an_address_that_is_none_or_in_the_clear_is_refused_without_being_repeated() {
    for bad in
        ["", "hooks.example/T0123-very-secret", "http://hooks.example/T0123-very-secret", "ftp://127.0.0.1/x"]
    {
        let problem = HttpWebhook::new(&bad.to_owned().into(), None, Duration::from_secs(1)).unwrap_err();
        assert!(!problem.to_string().contains(TOKEN), "{problem}");
    }
}
