//! A table with nothing in it, and things to write into it.

use std::future::pending;

use aws_sdk_dynamodb::Client;
use lockstep::adapters::dynamodb::{DynamoDbStore, create_table};
use lockstep::ports::{BetaRecord, Closing, Entry, Lock, Opening, Rejected, Store, Summary};
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};

use crate::support::{PATIENT, config, listener};

pub(crate) const TABLE: &str = "lockstep";

/// A DynamoDB of this test's own, empty.
pub(crate) async fn client() -> Client {
    let (listener, address) = listener().await;
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, pending()));
    Client::new(&config(&format!("http://{address}"), PATIENT))
}

/// A store on a table of this test's own, and a client to go round it.
pub(crate) async fn store() -> (DynamoDbStore, Client) {
    let client = client().await;
    create_table(&client, TABLE).await.unwrap();
    (DynamoDbStore::new(client.clone(), TABLE.to_owned()), client)
}

pub(crate) fn shop() -> ApplicationName {
    "shop".parse().unwrap()
}

pub(crate) fn staging() -> EnvironmentName {
    "staging".parse().unwrap()
}

pub(crate) fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

/// A history item whose write id is new.
pub(crate) fn entry(id: DeploymentId, seq: u64) -> Entry {
    Entry {
        id,
        seq,
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        worker: "host-1/4711".to_owned(),
        write_id: uuid::Uuid::now_v7().to_string(),
        from: "requested".to_owned(),
        to: "locked".to_owned(),
        event: "lock-taken".to_owned(),
        detail: "first".to_owned(),
        wake: seq,
        claim: None,
        terminal: false,
        snapshot: r#"{"version":1}"#.to_owned(),
    }
}

pub(crate) fn summary(id: DeploymentId, outcome: Option<&str>) -> Summary {
    Summary {
        id,
        target: "the default branch".to_owned(),
        actor: "alice".to_owned(),
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        outcome: outcome.map(str::to_owned),
        reason: None,
    }
}

pub(crate) fn opening(id: DeploymentId, observed_token: u64) -> Opening {
    Opening {
        application: shop(),
        environment: staging(),
        observed_token,
        ended_hold: None,
        entry: entry(id, 1),
        summary: summary(id, None),
    }
}

pub(crate) fn rejected(id: DeploymentId, because_of: Option<DeploymentId>) -> Rejected {
    Rejected {
        application: shop(),
        environment: staging(),
        because_of,
        entry: Entry { to: "rejected".to_owned(), terminal: true, ..entry(id, 1) },
        summary: Some(summary(id, Some("rejected"))),
    }
}

pub(crate) fn closing(id: DeploymentId, seq: u64, token: u64) -> Closing {
    Closing {
        application: shop(),
        environment: staging(),
        token,
        entry: Entry { to: "healthy".to_owned(), terminal: true, ..entry(id, seq) },
        record: None,
        beta: None,
        summary: summary(id, Some("healthy")),
    }
}

pub(crate) fn beta(id: DeploymentId, digest: char, at: &str) -> BetaRecord {
    BetaRecord {
        tag: "1.2.3-aaaaaaa.beta".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        deployment: id,
        without_baseline: Some("its migrations ran before".parse().unwrap()),
        at: at.parse().unwrap(),
    }
}

/// The lock as it is.
pub(crate) async fn lock(store: &DynamoDbStore) -> Lock {
    store.environment(&shop(), &staging()).await.unwrap().lock
}
