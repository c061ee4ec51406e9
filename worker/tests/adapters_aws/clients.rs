//! How `Aws::connect` sets the clients up.

use std::time::Duration;

use lockstep::adapters::aws::{Aws, AwsSettings};

#[tokio::test]
async fn the_sdk_never_repeats_a_call_and_every_call_ends() {
    let settings = AwsSettings {
        region: Some("eu-west-1".to_owned()),
        dynamodb_endpoint: Some("http://127.0.0.1:1".to_owned()),
        sqs_endpoint: None,
        ecs_endpoint: None,
        call_timeout: Duration::from_secs(7),
    };
    let aws = Aws::connect(&settings).await;
    let retries = [
        aws.dynamodb.config().retry_config(),
        aws.sqs.config().retry_config(),
        aws.ecs.config().retry_config(),
    ];
    for retry in retries {
        assert_eq!(retry.unwrap().max_attempts(), 1);
    }
    let timeouts = [
        aws.dynamodb.config().timeout_config(),
        aws.sqs.config().timeout_config(),
        aws.ecs.config().timeout_config(),
    ];
    for timeout in timeouts {
        let timeout = timeout.unwrap();
        assert_eq!(timeout.operation_timeout(), Some(Duration::from_secs(7)));
        assert!(timeout.connect_timeout().unwrap() <= Duration::from_secs(7));
    }
    assert_eq!(aws.ecs.config().region().unwrap().as_ref(), "eu-west-1");
}
