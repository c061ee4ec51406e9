//! SQS: rustack's queues in memory behind an HTTP front of our own, which adds who sent a message.
//! Must never be trusted with anything that has to outlive the process: queues and messages are gone after a
//! restart, so whoever starts it creates the queues again, and work in progress is found again in the table.
//!
//! Differs from SQS where it was looked at: it never duplicates or reorders on its own, bodies end at 256 KiB
//! (AWS: 1 MiB), `maxReceiveCount` in a redrive policy must be a number (AWS takes a string of digits too),
//! StartMessageMoveTask is refused, and signatures are not verified.

mod senders;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::dispatch::dispatch_operation;
use rustack_sqs_http::response::error_to_response;
use rustack_sqs_http::router::resolve_operation;
use uuid::Uuid;

use self::senders::{Senders, access_key};
use super::error::StandInError;
use super::serving::{Bound, Serving};

const SERVICE: &str = "SQS stand-in";

/// More than the largest batch that SQS takes, in bytes of JSON.
const LARGEST_REQUEST: usize = 8 * 1024 * 1024;

/// A running SQS stand-in. Dropping it stops it without waiting.
pub struct Sqs {
    serving: Serving,
    front: Arc<Front>,
}

/// What answers a request.
struct Front {
    queues: Arc<RustackSqs>,
    handler: RustackSqsHandler,
    senders: Senders,
}

impl Sqs {
    /// Serves on `address` (port 0: any free one), with no queue yet. Queue URLs name the address served,
    /// queue ARNs the given region and the given twelve-digit account. Call it inside a Tokio runtime.
    ///
    /// # Errors
    /// [`StandInError`]: the address cannot be used.
    pub fn start(address: SocketAddr, region: &str, account: &str) -> Result<Self, StandInError> {
        let bound = Bound::on(SERVICE, address)?;
        let queues = Arc::new(RustackSqs::new(SqsConfig {
            skip_signature_validation: true,
            default_region: region.to_owned(),
            account_id: account.to_owned(),
            host: bound.address().ip().to_string(),
            port: bound.address().port(),
        }));
        let front = Arc::new(Front {
            handler: RustackSqsHandler::new(Arc::clone(&queues)),
            queues,
            senders: Senders::default(),
        });
        // Some clients post to the queue's URL, others to the endpoint; the queue is named in the body.
        let router = Router::new()
            .route("/", post(answer))
            .route("/{*queue}", post(answer))
            .with_state(Arc::clone(&front));
        Ok(Self { serving: bound.serve_router(router), front })
    }

    /// From now on messages sent with `access_key` carry `sender_id` as their SenderId, as IAM would say who
    /// the key belongs to (for a role: `AROA…:session-name`). Any other key sends as the account.
    pub fn name_sender(&self, access_key: &str, sender_id: &str) {
        self.front.senders.name(access_key, sender_id);
    }

    /// The endpoint URL to give to an SDK or to `aws --endpoint-url`.
    pub fn endpoint(&self) -> String {
        self.serving.endpoint()
    }

    /// The address served, its port never 0.
    pub fn address(&self) -> SocketAddr {
        self.serving.address()
    }

    /// Stops serving; waiting receivers are answered with an error. All messages are lost.
    pub async fn shutdown(self) {
        // First the queues: a long poll would otherwise hold the server for up to 20 s.
        self.front.queues.shutdown_all().await;
        self.serving.stop().await;
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let request_id = Uuid::now_v7().to_string();
    let (head, body) = request.into_parts();
    let operation = match resolve_operation(&head.headers) {
        Ok(operation) => operation,
        Err(error) => return error_to_response(&error, &request_id).map(Body::new),
    };
    let body = match to_bytes(body, LARGEST_REQUEST).await {
        Ok(body) => body,
        Err(error) => return (StatusCode::PAYLOAD_TOO_LARGE, error.to_string()).into_response(),
    };
    let name = operation.as_str();
    let run = async {
        match dispatch_operation(&front.handler, operation, body).await {
            Ok(response) => response,
            Err(error) => error_to_response(&error, &request_id),
        }
        .map(Body::new)
    };
    match name {
        "SendMessage" | "SendMessageBatch" => front.senders.remember(access_key(&head.headers), run).await,
        "ReceiveMessage" => front.senders.fill_in(&request_id, run).await,
        _ => run.await,
    }
}
