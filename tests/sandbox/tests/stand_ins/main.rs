//! What the worker relies on in DynamoDB, SQS and an OCI registry, shown of the stand-ins through the clients
//! that the worker uses. Must not reach into a stand-in other than over HTTP and through its public switches.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic there is the report")]

mod dynamodb;
mod registry;
mod sqs;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use sandbox::stand_ins::{DynamoDb, Registry, RegistryAuth, Sqs, StandInError, TagRule};

const ANY_PORT: &str = "127.0.0.1:0";
/// How long to poll for something that takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn any_port() -> SocketAddr {
    ANY_PORT.parse().unwrap()
}

/// Polls until there is an answer.
async fn eventually<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = poll().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it_and_says_what_to_do() {
    let first = Sqs::start(any_port(), "eu-west-1", "123456789012").unwrap();
    let taken = first.address();
    let directory = tempfile::tempdir().unwrap();
    let errors = [
        DynamoDb::start(taken, None).err().unwrap(),
        Sqs::start(taken, "eu-west-1", "123456789012").err().unwrap(),
        Registry::start(taken, directory.path()).err().unwrap(),
    ];
    for error in errors {
        assert!(matches!(error, StandInError::PortTaken { port, .. } if port == taken.port()));
        let message = error.to_string();
        assert!(message.contains(&format!("port {} on 127.0.0.1 is taken", taken.port())), "{message}");
        assert!(message.contains("choose another port"), "{message}");
    }
    first.shutdown().await;
    DynamoDb::start(taken, None).expect("a port that was given back can be taken again");
}

#[tokio::test]
async fn only_this_machine_can_reach_a_stand_in() {
    let error = DynamoDb::start("0.0.0.0:0".parse().unwrap(), None).err().unwrap();
    assert!(matches!(error, StandInError::NotLoopback { .. }));
}
