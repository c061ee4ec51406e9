//! How the AWS SDK's clients are set up: where the services are, whose credentials, how long a call may take.
//! Must never let the SDK repeat a call: a repeat that the engine does not know of cannot be accounted for
//! (protocol rule 4).

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};

/// A peer that does not even answer a connection attempt is not worth the whole time of a call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where the services are and how long a call may take. The credentials come from the SDK's default chain:
/// environment, profile, web identity, ECS task role, EC2 instance role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettings {
    /// The region; `None` asks the SDK's default chain (environment, profile, instance).
    pub region: Option<String>,
    /// Another URL for DynamoDB than AWS's.
    pub dynamodb_endpoint: Option<String>,
    /// Another URL for SQS than AWS's.
    pub sqs_endpoint: Option<String>,
    /// Another URL for ECS than AWS's.
    pub ecs_endpoint: Option<String>,
    /// How long one call may take, from the first byte sent to the last one read. A long poll takes its
    /// waiting time on top.
    pub call_timeout: Duration,
}

/// The clients. Cloning one is cheap and shares its connections.
#[derive(Debug, Clone)]
pub struct Aws {
    /// Amazon DynamoDB.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// Amazon SQS.
    pub sqs: aws_sdk_sqs::Client,
    /// Amazon ECS.
    pub ecs: aws_sdk_ecs::Client,
}

impl Aws {
    /// Makes the clients. Reads the configuration but calls none of the three services: wrong credentials
    /// and a missing region show in the first call, as a permanent fault.
    pub async fn connect(settings: &AwsSettings) -> Self {
        let shared = shared(settings).await;
        let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&shared);
        if let Some(url) = &settings.dynamodb_endpoint {
            dynamodb = dynamodb.endpoint_url(url);
        }
        let mut sqs = aws_sdk_sqs::config::Builder::from(&shared);
        if let Some(url) = &settings.sqs_endpoint {
            sqs = sqs.endpoint_url(url);
        }
        let mut ecs = aws_sdk_ecs::config::Builder::from(&shared);
        if let Some(url) = &settings.ecs_endpoint {
            ecs = ecs.endpoint_url(url);
        }
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            ecs: aws_sdk_ecs::Client::from_conf(ecs.build()),
        }
    }
}

/// What every client is made of.
pub(super) async fn shared(settings: &AwsSettings) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT.min(settings.call_timeout))
        .operation_attempt_timeout(settings.call_timeout)
        .operation_timeout(settings.call_timeout)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}
