//! Local servers and the clients for them.

use std::net::SocketAddr;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use tokio::net::TcpListener;

/// A free port on this machine.
pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves a router until the test ends; its URL.
pub(crate) async fn serve(router: Router) -> String {
    let (listener, address) = listener().await;
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// Settings as `Aws::connect` makes them, but with a fixed key instead of this machine's.
pub(crate) fn config(endpoint: &str, call_timeout: Duration) -> SdkConfig {
    let key = Credentials::new("AKIATEST", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(key))
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_timeout(call_timeout)
                .operation_attempt_timeout(call_timeout)
                .build(),
        )
        .build()
}

/// Long enough for any answer of a local server on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);
