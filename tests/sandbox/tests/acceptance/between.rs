//! A reverse proxy between workers and DynamoDB, which holds, changes or swallows calls as a test needs it:
//! the only way to be at one exact point of a worker that is a process of its own. What a rule lets pass goes
//! on byte for byte. Must never make up an answer of its own.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;
use tokio::task::JoinHandle;

/// A call on its way to DynamoDB.
pub(crate) struct Call {
    /// The action, such as `PutItem`.
    pub(crate) action: String,
    /// The request, as the SDK wrote it.
    pub(crate) body: Value,
}

/// What becomes of a call.
pub(crate) enum Fate {
    /// It goes on as it is.
    Pass,
    /// It goes on with this body.
    Changed(Value),
    /// It never goes on, and is never answered.
    Swallow,
}

/// Decides about every call; may take its time.
pub(crate) trait Rule: Send + Sync + 'static {
    fn meet(&self, call: Call) -> impl Future<Output = Fate> + Send;
}

/// A running proxy; it ends when dropped.
pub(crate) struct Between {
    endpoint: String,
    serving: JoinHandle<()>,
}

struct Passage<R> {
    upstream: String,
    client: reqwest::Client,
    rule: Arc<R>,
}

impl Between {
    /// Starts a proxy in front of `upstream`.
    pub(crate) async fn start<R: Rule>(upstream: String, rule: Arc<R>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let passage = Arc::new(Passage { upstream, client: reqwest::Client::new(), rule });
        let router = Router::new().fallback(pass::<R>).with_state(passage);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, serving }
    }

    /// What a worker's `LOCKSTEP__AWS__DYNAMODB_ENDPOINT` must be to go through here.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass<R: Rule>(
    State(passage): State<Arc<Passage<R>>>,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
    let action =
        target.as_deref().and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned();
    let call = Call { action, body: serde_json::from_slice(&body).unwrap() };
    let body = match passage.rule.meet(call).await {
        Fate::Pass => body,
        Fate::Changed(body) => body.to_string().into(),
        Fate::Swallow => std::future::pending().await,
    };
    // Both are the next connection's own.
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    let request = passage.client.post(&passage.upstream).headers(headers).body(body);
    let Ok(answer) = request.send().await else {
        // The service is gone: to the worker that is what it is, a call without a usable answer.
        return status(StatusCode::BAD_GATEWAY);
    };
    let mut back = status(answer.status());
    *back.headers_mut() = answer.headers().clone();
    back.headers_mut().remove(header::TRANSFER_ENCODING);
    let Ok(bytes) = answer.bytes().await else { return status(StatusCode::BAD_GATEWAY) };
    *back.body_mut() = bytes.into();
    back
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

impl Call {
    /// The deployment for which this call takes an environment's lock, if that is what it does.
    pub(crate) fn takes_lock_for(&self) -> Option<&str> {
        let taking = self.lock_update()?;
        taking["UpdateExpression"].as_str()?.starts_with("SET").then_some(())?;
        taking["ExpressionAttributeValues"][":holder"]["S"].as_str()
    }

    /// The call without the lock's condition.
    pub(crate) fn without_lock_condition(&self) -> Value {
        let mut body = self.body.clone();
        for item in body["TransactItems"].as_array_mut().unwrap() {
            let Some(update) = item.get_mut("Update").and_then(Value::as_object_mut) else { continue };
            assert!(update.remove("ConditionExpression").is_some(), "the lock is taken under a condition");
            // DynamoDB refuses names and values that no expression uses.
            update["ExpressionAttributeNames"].as_object_mut().unwrap().remove("#hold");
            update["ExpressionAttributeValues"].as_object_mut().unwrap().remove(":observed");
        }
        body
    }

    /// The state that this call would record as reached, if it is a transition's commit.
    pub(crate) fn commits(&self) -> Option<&str> {
        self.history_item()?["to"]["S"].as_str()
    }

    /// The state that this call would record as left for another one: its effect has been done.
    pub(crate) fn leaves(&self) -> Option<&str> {
        let item = self.history_item()?;
        let from = item["from"]["S"].as_str()?;
        (item["to"]["S"] != from).then_some(from)
    }

    fn history_item(&self) -> Option<&Value> {
        let item = match self.action.as_str() {
            "PutItem" => &self.body["Item"],
            "TransactWriteItems" => &self.body["TransactItems"][0]["Put"]["Item"],
            _ => return None,
        };
        item["sk"]["S"].as_str()?.starts_with("event#").then_some(item)
    }

    fn lock_update(&self) -> Option<&Value> {
        let items = self.body["TransactItems"].as_array()?;
        items.iter().filter_map(|item| item.get("Update")).find(|update| update["Key"]["sk"]["S"] == "lock")
    }
}
