//! The stable port in front of a service: a small HTTP load balancer.
//!
//! Every request goes to the next RUNNING task; there is no session and no retry. Without a task it answers 503,
//! from a task that does not answer 502, as an Application Load Balancer does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::core::Core;

/// Bodies are buffered; larger ones are refused with 413.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Headers about one connection, which are not passed on. [RFC 9110, section 7.6.1]
const OF_THE_CONNECTION: [HeaderName; 7] = [
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
];

/// All front ports of a simulator.
pub(crate) struct Fronts {
    core: Arc<Core>,
    client: reqwest::Client,
    stop: CancellationToken,
    open: Mutex<HashMap<String, CancellationToken>>,
}

struct Front {
    core: Arc<Core>,
    client: reqwest::Client,
    service_arn: String,
    next: AtomicUsize,
}

impl Fronts {
    /// # Errors
    /// When no HTTP client can be made.
    pub(crate) fn new(core: Arc<Core>, stop: CancellationToken) -> Result<Self, reqwest::Error> {
        // No pooled connections: one to a task that has stopped meanwhile would fail a request for no reason.
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { core, client, stop, open: Mutex::new(HashMap::new()) })
    }

    /// Opens a service's front port; 0 for any. Returns the port it listens on.
    pub(crate) async fn open(&self, service_arn: &str, port: u16) -> std::io::Result<u16> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let front = Front {
            core: Arc::clone(&self.core),
            client: self.client.clone(),
            service_arn: service_arn.to_owned(),
            next: AtomicUsize::new(0),
        };
        let router = Router::new().fallback(forward).with_state(Arc::new(front));
        let stop = self.stop.child_token();
        let previous = self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(service_arn.to_owned(), stop.clone());
        if let Some(previous) = previous {
            previous.cancel();
        }
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
            if let Err(error) = served {
                tracing::error!(%error, "a front port stopped serving");
            }
        });
        Ok(port)
    }

    /// Closes a service's front port.
    pub(crate) fn close(&self, service_arn: &str) {
        if let Some(stop) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(service_arn) {
            stop.cancel();
        }
    }
}

async fn forward(State(front): State<Arc<Front>>, request: Request) -> Response {
    let targets = front.core.current().front_targets(&front.service_arn);
    if targets.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, "no task of this service is running").into_response();
    }
    let turn = front.next.fetch_add(1, Ordering::Relaxed) % targets.len();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = format!("http://127.0.0.1:{}{path}", targets.get(turn).copied().unwrap_or_default());
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too large").into_response();
    };
    let sent =
        front.client.request(parts.method, url).headers(passed_on(&parts.headers)).body(body).send().await;
    match sent {
        Ok(answer) => relay(answer).await,
        Err(error) => bad_gateway(&error),
    }
}

async fn relay(answer: reqwest::Response) -> Response {
    let status = answer.status();
    let headers = passed_on(answer.headers());
    match answer.bytes().await {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            response
        }
        Err(error) => bad_gateway(&error),
    }
}

fn bad_gateway(error: &reqwest::Error) -> Response {
    (StatusCode::BAD_GATEWAY, format!("the task did not answer: {error}")).into_response()
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for name in &OF_THE_CONNECTION {
        passed.remove(name);
    }
    passed
}
