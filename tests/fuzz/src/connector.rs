//! The real AWS SDK over a connector in this process: every request gets the one answer that is set. Must
//! never touch the network.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents, SharedHttpClient,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

use crate::answer::Answer;
use crate::rules::SECRET;

/// More calls than any one operation of a port has a reason to make.
const MOST_CALLS: usize = 200;

/// An endless row of one answer.
#[derive(Debug, Clone)]
pub struct Connector(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    answer: Answer,
    /// The bodies of the requests since the answer was set.
    requests: Vec<String>,
}

impl Connector {
    /// A connector that has no answer yet: connections break.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is a thing of its own, not an empty value")]
    pub fn new() -> Self {
        let answer = Answer { status: None, headers: Vec::new(), body: Vec::new() };
        Self(Arc::new(Mutex::new(State { answer, requests: Vec::new() })))
    }

    /// Sets the answer to every request from now on.
    pub fn set(&self, answer: &Answer) {
        *self.0.lock().unwrap() = State { answer: answer.clone(), requests: Vec::new() };
    }

    /// The bodies of the requests since then.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().requests.clone()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut state = self.0.lock().unwrap();
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
        state.requests.push(body);
        assert!(state.requests.len() <= MOST_CALLS, "one call of a port sends request after request");
        HttpConnectorFuture::ready(respond(&state.answer))
    }
}

fn respond(answer: &Answer) -> Result<HttpResponse, ConnectorError> {
    let Some(status) = answer.status else { return Err(ConnectorError::io("reset by peer".into())) };
    let status = status.try_into().map_err(|_| ConnectorError::io("no HTTP".into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body.clone()));
    // The SDK remembers how far off a service's clock was, and signs with that from then on: an input must not
    // change what comes after it. (A second after a `date` at the end of the year 9999 its signer panics.)
    for (name, value) in answer.headers.iter().filter(|(name, _)| name != "date") {
        // What cannot be a header does not come out of an HTTP library either.
        let _refused = response.headers_mut().try_insert(name.clone(), value.clone());
    }
    Ok(response)
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A client as the worker sets its own up, but for the connector.
macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $sdk:ident) => {
        $(#[$doc])*
        #[must_use]
        pub fn $name(connector: &Connector) -> $sdk::Client {
            let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(5)).build();
            let config = $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new("eu-central-1"))
                .endpoint_url("http://127.0.0.1:1")
                .credentials_provider(Credentials::new("AKIDEXAMPLE", SECRET, Some(SECRET.into()), None, "fuzz"))
                .retry_config(RetryConfig::disabled())
                .timeout_config(timeouts)
                .http_client(SharedHttpClient::new(connector.clone()))
                .build();
            $sdk::Client::from_conf(config)
        }
    };
}

client!(
    /// Amazon DynamoDB over this connector.
    dynamodb, aws_sdk_dynamodb
);
client!(
    /// Amazon ECS over this connector.
    ecs, aws_sdk_ecs
);
client!(
    /// Amazon SQS over this connector.
    sqs, aws_sdk_sqs
);
