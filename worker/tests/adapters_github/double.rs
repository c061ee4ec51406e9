//! GitHub's place for these tests: an HTTP server on 127.0.0.1 that answers every request as the test says and
//! notes it. Must hold no behaviour of GitHub: each test states the answers that it is about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lockstep::adapters::github::{GitHubAuth, GitHubForge, GitHubSettings};
use serde_json::Value;

/// The token that the forge is given.
pub(crate) const TOKEN: &str = "ghp_0nly-for-tests";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Such as `GET /repos/o/r?x=y`, percent-encoding as sent.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    /// `null` when there was none.
    pub(crate) body: Value,
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl ToString) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest"}"#)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::from_u16(self.status).unwrap(), self.body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    }
}

type Answering = Box<dyn Fn(&Call) -> Answer + Send + Sync>;

pub(crate) struct Double {
    pub(crate) url: String,
    answer: Answering,
    calls: Mutex<Vec<Call>>,
}

impl Double {
    pub(crate) async fn start(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let double = Arc::new(Self { url, answer: Box::new(answer), calls: Mutex::default() });
        let router = axum::Router::new().fallback(take).with_state(Arc::clone(&double));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        double
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.line).collect()
    }
}

async fn take(State(double): State<Arc<Double>>, request: Request) -> Answer {
    let line = format!("{} {}", request.method(), request.uri());
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    let call = Call { line, headers, body };
    double.calls.lock().unwrap().push(call.clone());
    (double.answer)(&call)
}

pub(crate) fn settings(url: &str, auth: GitHubAuth) -> GitHubSettings {
    GitHubSettings {
        api_url: url.to_owned(),
        owner: "o".to_owned(),
        repository: "r".to_owned(),
        auth,
        call_timeout: Duration::from_secs(20),
    }
}

/// A forge that speaks to the double with [`TOKEN`].
pub(crate) fn forge(double: &Double) -> GitHubForge {
    GitHubForge::new(settings(&double.url, GitHubAuth::Token(TOKEN.into()))).unwrap()
}

/// A double that always gives this answer, and a forge for it.
pub(crate) async fn always(answer: Answer) -> (Arc<Double>, GitHubForge) {
    let double = Double::start(move |_| answer.clone()).await;
    let forge = forge(&double);
    (double, forge)
}
