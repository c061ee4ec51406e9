//! What was said to and by GitHub and ECS, kept in a file: one exchange a line, as JSON. The specifications suite holds
//! it against what GitHub and AWS publish. Must never keep a credential, nor change what it writes down.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Map, Value, json};

use super::call::Request;

/// The services whose exchanges are kept.
const KEPT: [&str; 2] = ["GitHub", "ECS"];
/// The headers that say how a request is to be read.
const HEADERS: [&str; 4] = ["accept", "content-type", "x-amz-target", "x-github-api-version"];

/// An open file of exchanges.
pub(crate) struct Tape {
    file: Mutex<File>,
}

impl Tape {
    /// An empty tape; replaces what was there.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(crate) fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: Mutex::new(File::create(path)?) })
    }

    /// What is kept of a request; `None` of one to another service.
    pub(crate) fn asked(&self, request: &Request) -> Option<Value> {
        let (service, _) = request.named();
        if !KEPT.contains(&service) {
            return None;
        }
        let header = |name: &str| Some(request.head.headers.get(name)?.to_str().ok()?.to_owned());
        let headers: Map<String, Value> =
            HEADERS.iter().filter_map(|name| Some(((*name).to_owned(), header(name)?.into()))).collect();
        Some(json!({
            "service": service,
            "method": request.head.method.as_str(),
            "path": request.head.uri.path(),
            "query": request.head.uri.query(),
            "headers": headers,
            "body": String::from_utf8_lossy(&request.body),
        }))
    }

    /// Keeps a request with its answer.
    pub(crate) async fn keep(&self, asked: Value, answer: &Response<Full<Bytes>>) {
        let Ok(body) = answer.body().clone().collect().await;
        let mut exchange = asked;
        exchange["status"] = answer.status().as_u16().into();
        exchange["answer"] = String::from_utf8_lossy(&body.to_bytes()).into();
        let line = format!("{exchange}\n");
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).expect("the recording's file can be written");
    }
}
