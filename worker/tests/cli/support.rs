//! Local servers, the configuration for them, and the binary run with nothing else in its environment.

use std::future::pending;
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::adapters::sqs::SqsQueue;
use lockstep::ports::{Queue as _, Store as _};
use lockstep_events::{
    ApplicationName, CancelRequested, DeployRequested, DeploymentId, EnvironmentName, Message,
};
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::dispatch::dispatch_operation;
use rustack_sqs_http::response::error_to_response;
use rustack_sqs_http::router::resolve_operation;
use serde_json::Value;
use tempfile::TempPath;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// The table's name.
pub(crate) const TABLE: &str = "lockstep";

/// The local services, the binary's configuration for them, and our own way to look at them.
pub(crate) struct Local {
    config: TempPath,
    pub(crate) store: DynamoDbStore,
    pub(crate) queue: SqsQueue,
    /// The same queue, for parking.
    pub(crate) dead_letters: SqsQueue,
}

/// What a run of the binary left.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as JSON lines; every line must be one.
    pub(crate) fn json(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed by a signal"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Local {
    /// Servers without table and queues.
    pub(crate) async fn bare() -> Self {
        let dynamodb = dynamodb().await;
        let sqs = sqs().await;
        let queue_url = format!("{sqs}/000000000000/lockstep");
        let config = write(&configuration(&dynamodb, &sqs, &queue_url));
        let shared = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .credentials_provider(aws_credential_types::Credentials::new(
                "AKIATEST", "key", None, None, "test",
            ));
        let shared = shared.load().await;
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared).endpoint_url(dynamodb).build();
        let sqs = aws_sdk_sqs::config::Builder::from(&shared).endpoint_url(sqs).build();
        let sqs = aws_sdk_sqs::Client::from_conf(sqs);
        let parked = format!("{queue_url}-dead-letters");
        Self {
            config,
            dead_letters: SqsQueue::new(sqs.clone(), queue_url.clone(), Some(parked)),
            store: DynamoDbStore::new(aws_sdk_dynamodb::Client::from_conf(dynamodb), TABLE.to_owned()),
            queue: SqsQueue::new(sqs, queue_url, None),
        }
    }

    /// Servers with table and queues, made by `lockstep init`.
    pub(crate) async fn start() -> Self {
        let local = Self::bare().await;
        let ran = local.run(&["init"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        local
    }

    /// Starts the binary on a terminal of its own, made by script(1); what it writes there is our standard output.
    pub(crate) fn spawn_on_a_terminal(&self, arguments: &str, variables: &[(&str, &str)]) -> Child {
        let line = format!("stty cols 120; {} {arguments}", env!("CARGO_BIN_EXE_lockstep"));
        let mut command = named("script", &self.config);
        command.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        let path = std::env::var_os("PATH").unwrap_or_default();
        command
            .env("PATH", path)
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .envs(variables.iter().copied());
        command.spawn().expect("script(1), a part of every Debian, is there")
    }

    /// Runs the binary to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[]).await
    }

    /// Runs the binary to its end with more variables.
    pub(crate) async fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let child = self.spawn(arguments, variables);
        child.wait_with_output().await.unwrap().into()
    }

    /// Starts the binary.
    pub(crate) fn spawn(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        let mut command = binary(&self.config);
        command.args(arguments).envs(variables.iter().copied());
        command.spawn().unwrap()
    }

    /// The next request on the queue.
    pub(crate) async fn next_request(&self) -> DeployRequested {
        match self.next_message().await {
            Message::DeployRequested(request) => *request,
            other => panic!("{other:?}"),
        }
    }

    /// The next wish to cancel on the queue.
    pub(crate) async fn next_cancellation(&self) -> CancelRequested {
        match self.next_message().await {
            Message::CancelRequested(cancel) => cancel,
            other => panic!("{other:?}"),
        }
    }

    async fn next_message(&self) -> Message {
        let received = self.queue.receive(1, Duration::from_secs(10)).await.unwrap();
        let delivery = received.first().expect("a message was due");
        self.queue.delete(&delivery.receipt).await.unwrap();
        lockstep_events::decode(&delivery.body).unwrap()
    }

    /// Makes sure that nothing was sent.
    pub(crate) async fn nothing_was_sent(&self) {
        assert_eq!(self.queue.receive(10, Duration::ZERO).await.unwrap(), []);
    }

    /// Makes sure that this deployment has no record.
    pub(crate) async fn has_no_record(&self, id: DeploymentId) {
        assert_eq!(self.store.newest(id).await.unwrap(), None);
    }
}

/// The binary with this configuration file and an environment of its own.
pub(crate) fn binary(config: &Path) -> Command {
    named(env!("CARGO_BIN_EXE_lockstep"), config)
}

fn named(program: &str, config: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LOCKSTEP_CONFIG", config)
        .env("USER", "alice")
        .env("AWS_ACCESS_KEY_ID", "AKIATEST")
        .env("AWS_SECRET_ACCESS_KEY", "key")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Writes a configuration file that is gone with the returned path.
pub(crate) fn write(text: &str) -> TempPath {
    let mut file = tempfile::Builder::new().suffix("-lockstep.toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.into_temp_path()
}

/// A configuration whose AWS services are at these addresses; nothing listens at any other in it.
pub(crate) fn configuration(dynamodb: &str, sqs: &str, queue_url: &str) -> String {
    format!(
        r#"
table = "{TABLE}"
[queue]
url = "{queue_url}"
dead_letter_url = "{queue_url}-dead-letters"
[aws]
region = "eu-west-1"
dynamodb_endpoint = "{dynamodb}"
sqs_endpoint = "{sqs}"
ecs_endpoint = "http://127.0.0.1:1"
[applications.shop]
[applications.shop.github]
api_url = "http://127.0.0.1:1"
owner = "acme"
repository = "shop"
version_file = "Cargo.toml"
build_workflow = "build.yml"
[applications.shop.registry]
repository = "127.0.0.1:1/acme/shop"
plain_http = true
[applications.shop.environments.staging]
kind = "staging"
cluster = "c"
service = "shop-staging"
container = "app"
readiness = {{ url = "http://127.0.0.1:1/ready" }}
[applications.shop.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "c"
service = "shop-production"
container = "app"
readiness = {{ url = "http://127.0.0.1:1/ready" }}
"#
    )
}

pub(crate) fn shop() -> ApplicationName {
    "shop".parse().unwrap()
}

pub(crate) fn environment(name: &str) -> EnvironmentName {
    name.parse().unwrap()
}

pub(crate) fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

async fn dynamodb() -> String {
    let (listener, address) = listener().await;
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, pending()));
    address
}

async fn sqs() -> String {
    let (listener, address) = listener().await;
    let handler = Arc::new(RustackSqsHandler::new(Arc::new(RustackSqs::new(SqsConfig {
        skip_signature_validation: true,
        default_region: "eu-west-1".to_owned(),
        account_id: "000000000000".to_owned(),
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
    }))));
    let router = Router::new().route("/", post(answer)).route("/{*queue}", post(answer)).with_state(handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn answer(State(handler): State<Arc<RustackSqsHandler>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let answer = match resolve_operation(&head.headers) {
        Ok(operation) => dispatch_operation(handler.as_ref(), operation, body).await,
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| error_to_response(&error, "1")).map(Body::new)
}
