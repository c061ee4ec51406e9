//! How the suites' clients are set up: as the worker's (no retries of the SDK's own), with a made-up key. Must
//! never read this machine's credentials.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};

/// Longer than the longest poll, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings for clients of the service at this URL.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    let key = Credentials::new("AKIACONFORMANCE", "secret", None, None, "conformance");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(key))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
        .build()
}
