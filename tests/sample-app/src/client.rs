//! The application's connection to its database.
//!
//! It must never treat a refused statement as a lost connection: only the latter may be tried again.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use crate::sql::{SqlAnswer, SqlFailure, SqlRequest};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait before connecting again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// A database behind a URL.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    http: Client<HttpConnector, Full<Bytes>>,
    url: String,
}

/// Why a statement was not executed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// The database refused the statement; nothing was changed.
    #[error("the database refused it: {0}")]
    Refused(String),
    /// No answer from the database; whether the statement was executed is unknown.
    #[error("the database at {url} does not answer: {reason}")]
    Unreachable { url: String, reason: String },
}

impl Database {
    /// A database at `url`, for example `http://127.0.0.1:7001`; nothing is sent yet.
    pub(crate) fn new(url: &str) -> Self {
        // No idle connections: the front port in between may lead to another task next time.
        let http = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { http, url: url.trim_end_matches('/').to_owned() }
    }

    /// Waits until the database answers, at most for `patience`.
    pub(crate) async fn wait(&self, patience: Duration) -> Result<(), DatabaseError> {
        let deadline = Instant::now() + patience;
        loop {
            match self.execute("SELECT 1", &[]).await {
                Err(error @ DatabaseError::Unreachable { .. }) if Instant::now() < deadline => {
                    tracing::debug!(%error, "waiting for the database");
                    sleep(RETRY_PAUSE).await;
                }
                outcome => return outcome.map(|_| ()),
            }
        }
    }

    /// Executes `sql` as one transaction.
    pub(crate) async fn execute(&self, sql: &str, params: &[Value]) -> Result<SqlAnswer, DatabaseError> {
        let lost = |reason: String| DatabaseError::Unreachable { url: self.url.clone(), reason };
        let request = SqlRequest { sql: sql.to_owned(), params: params.to_vec() };
        let body = serde_json::to_vec(&request).map_err(|error| lost(error.to_string()))?;
        let (status, answer) = timeout(REQUEST_TIMEOUT, self.post(body))
            .await
            .map_err(|_| lost(format!("no answer within {REQUEST_TIMEOUT:?}")))?
            .map_err(lost)?;
        match status {
            StatusCode::OK => serde_json::from_slice(&answer).map_err(|error| lost(error.to_string())),
            StatusCode::BAD_REQUEST => Err(DatabaseError::Refused(refusal(&answer))),
            other => Err(lost(format!("status {other}"))),
        }
    }

    async fn post(&self, body: Vec<u8>) -> Result<(StatusCode, Bytes), String> {
        let uri: Uri = format!("{}/sql", self.url).parse().map_err(|error| format!("no URL: {error}"))?;
        let request = Request::post(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.into()))
            .map_err(|error| error.to_string())?;
        let answer = self.http.request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((status, bytes))
    }
}

fn refusal(body: &[u8]) -> String {
    serde_json::from_slice::<SqlFailure>(body)
        .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |failure| failure.error)
}
