//! Asks the deployed application over HTTP whether it is ready. Must never follow a redirect (another place's
//! 200 says nothing about this application), retry, or let one slow answer hold up a worker.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use serde_json::Value;

use crate::faults::http::{EXCERPT_CHARACTERS, transport};
use crate::faults::{Fault, Service};
use crate::ports::{Application, ReadinessAnswer, ReadinessProbe};

const OPERATION: &str = "readiness GET";

/// As much of an answer as is read: a status document is small, and a worker's memory is not the
/// application's to fill.
const MOST_BYTES: usize = 1024 * 1024;

/// The application, reached over HTTP.
pub struct HttpApplication {
    client: Client,
}

impl HttpApplication {
    /// A client whose every probe takes at most `call_timeout`, connecting and reading included.
    ///
    /// # Errors
    /// The HTTP client cannot be made on this host (its TLS roots cannot be read).
    pub fn new(call_timeout: Duration) -> Result<Self, Fault> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(call_timeout)
            .user_agent(concat!("lockstep/", env!("CARGO_PKG_VERSION")))
            // Every probe shall see whoever answers now, not whom an old connection leads to.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| transport(Service::Application, OPERATION, error))?;
        Ok(Self { client })
    }

    async fn get(&self, probe: &ReadinessProbe) -> Result<ReadinessAnswer, reqwest::Error> {
        let response = self.client.get(&probe.url).send().await?;
        let status = response.status();
        let body = match read(response).await {
            Ok(body) => body,
            Err(error) => {
                let why = transport(Service::Application, OPERATION, error).message;
                let detail = format!("the answer broke off: {why}");
                return Ok(ReadinessAnswer { ready: false, status: Some(status.as_u16()), detail });
            }
        };
        let wrong = match &probe.must_equal {
            Some((pointer, expected)) if status.is_success() => mismatch(&body, pointer, expected),
            _ => None,
        };
        let text = String::from_utf8_lossy(&body);
        let detail = match &wrong {
            Some(wrong) => format!("{wrong}; the answer: {text}"),
            None => text.into_owned(),
        };
        Ok(ReadinessAnswer {
            ready: status.is_success() && wrong.is_none(),
            status: Some(status.as_u16()),
            detail: detail.chars().take(EXCERPT_CHARACTERS).collect(),
        })
    }
}

#[async_trait]
impl Application for HttpApplication {
    async fn probe(&self, probe: &ReadinessProbe) -> ReadinessAnswer {
        self.get(probe).await.unwrap_or_else(|error| {
            let detail = transport(Service::Application, OPERATION, error).message;
            ReadinessAnswer { ready: false, status: None, detail }
        })
    }
}

async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = MOST_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MOST_BYTES {
            break;
        }
    }
    Ok(body)
}

/// What is wrong with the configured field; nothing when it is as expected.
fn mismatch(body: &[u8], pointer: &str, expected: &str) -> Option<String> {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return Some(format!("{pointer} should be {expected:?}, but the answer is not JSON"));
    };
    let found = match json.pointer(pointer) {
        None => return Some(format!("{pointer} should be {expected:?}, but is absent")),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    (found != expected).then(|| format!("{pointer} should be {expected:?}, but is {found:?}"))
}
