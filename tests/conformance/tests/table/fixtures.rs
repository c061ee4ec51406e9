//! An empty table and things to write into it. Must never be shared between two rules.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use conformance::{Broken, sdk_config};
use lockstep::adapters::dynamodb::{DynamoDbStore, create_table};
use lockstep::faults::FaultKind;
use lockstep::ports::{Answer, BetaRecord, Closing, Entry, Lock, Opening, Rejected, Store, Summary};
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use tokio::sync::Barrier;

pub type Item = HashMap<String, AttributeValue>;

/// A table of one rule's own, bare and as the worker sees it.
#[derive(Clone)]
pub struct Table {
    pub client: Client,
    pub name: String,
    pub store: DynamoDbStore,
}

impl Table {
    pub async fn create(endpoint: &str) -> Self {
        let client = Client::new(&sdk_config(endpoint));
        let name = format!("conformance-{}", uuid::Uuid::now_v7());
        create_table(&client, &name).await.unwrap();
        let store = DynamoDbStore::new(client.clone(), name.clone());
        Self { client, name, store }
    }

    pub fn put(&self, item: Item) -> PutItemFluentBuilder {
        self.client.put_item().table_name(&self.name).set_item(Some(item))
    }

    /// A put of a transaction, on the condition (if any), which returns what stands.
    pub fn put_in(&self, item: Item, condition: Option<&str>) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.map(str::to_owned))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .unwrap();
        TransactWriteItem::builder().put(put).build()
    }

    pub async fn get(&self, partition: &str, sort: &str) -> Result<Option<Item>, Broken> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        Ok(get.set_key(Some(key(partition, sort))).send().await?.item)
    }

    pub async fn lock(&self) -> Result<Lock, Broken> {
        Ok(self.store.environment(&shop(), &staging()).await?.lock)
    }
}

pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub fn key(partition: &str, sort: &str) -> Item {
    Item::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))])
}

/// An item with one more attribute.
pub fn item(partition: &str, sort: &str, attribute: &str, value: AttributeValue) -> Item {
    let mut item = key(partition, sort);
    item.insert(attribute.to_owned(), value);
    item
}

/// Runs `count` tasks that begin at the same moment; what each came to.
pub async fn at_once<T, F>(count: usize, task: impl Fn(usize) -> F) -> Result<Vec<T>, Broken>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Broken>> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let (barrier, task) = (Arc::clone(&barrier), task(n));
            tokio::spawn(async move {
                barrier.wait().await;
                task.await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await??);
    }
    Ok(all)
}

/// Repeats what met another writer at the same moment, as the engine does.
pub async fn settled<T, F: Future<Output = Answer<T>>>(call: impl Fn() -> F) -> Result<T, Broken> {
    loop {
        match call().await {
            Err(fault) if fault.kind == FaultKind::Contended => tokio::task::yield_now().await,
            answer => return Ok(answer?),
        }
    }
}

pub fn shop() -> ApplicationName {
    "shop".parse().unwrap()
}

pub fn staging() -> EnvironmentName {
    "staging".parse().unwrap()
}

pub fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

/// A history item whose write id is new.
pub fn entry(id: DeploymentId, seq: u64) -> Entry {
    Entry {
        id,
        seq,
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        worker: "host-1:4711".to_owned(),
        write_id: uuid::Uuid::now_v7().to_string(),
        from: "requested".to_owned(),
        to: "locked/checking-source".to_owned(),
        event: "lock-taken".to_owned(),
        detail: format!("item {seq}"),
        wake: seq,
        claim: None,
        terminal: false,
        snapshot: r#"{"version":1}"#.to_owned(),
    }
}

pub fn summary(id: DeploymentId, outcome: Option<&str>) -> Summary {
    Summary {
        id,
        target: "the default branch".to_owned(),
        actor: "alice".to_owned(),
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        outcome: outcome.map(str::to_owned),
        reason: None,
    }
}

pub fn opening(id: DeploymentId, observed_token: u64) -> Opening {
    Opening {
        application: shop(),
        environment: staging(),
        observed_token,
        ended_hold: None,
        entry: entry(id, 1),
        summary: summary(id, None),
    }
}

pub fn rejected(id: DeploymentId, because_of: Option<DeploymentId>) -> Rejected {
    Rejected {
        application: shop(),
        environment: staging(),
        because_of,
        entry: Entry { to: "rejected".to_owned(), terminal: true, ..entry(id, 1) },
        summary: Some(summary(id, Some("rejected"))),
    }
}

pub fn closing(id: DeploymentId, seq: u64, token: u64) -> Closing {
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

/// A healthy beta whose image's digest is this digit, sixty-four times.
pub fn beta(id: DeploymentId, digit: char) -> BetaRecord {
    BetaRecord {
        tag: "1.2.3-aaaaaaa.beta".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap(),
        deployment: id,
        without_baseline: None,
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
    }
}
