//! DynamoDB, as the worker relies on it: conditions, transactions, consistent reads, a restart.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, ConditionCheck, KeySchemaElement, KeyType, Put,
    ReturnValuesOnConditionCheckFailure as ReturnOld, ScalarAttributeType, TableStatus,
    TimeToLiveSpecification, TransactWriteItem, Update,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::*;

const TABLE: &str = "lockstep";

fn client(database: &DynamoDb, access_key: &str, region: &'static str) -> Client {
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(database.endpoint())
            .region(Region::new(region))
            .credentials_provider(Credentials::new(access_key, "any", None, None, "test"))
            .build(),
    )
}

async fn table(database: &DynamoDb) -> Client {
    let client = client(database, "anyone", "eu-west-1");
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::N))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .send()
        .await
        .unwrap();
    client
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Puts an item unless there is one; a refusal returns the one that is there.
fn put_new(pk: &str, sk: u32, by: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(TABLE)
        .item("pk", text(pk))
        .item("sk", number(sk))
        .item("by", text(by))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnOld::AllOld);
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

async fn by(client: &Client, pk: &str, sk: u32) -> Option<String> {
    let get = client.get_item().table_name(TABLE).consistent_read(true);
    let found = get.key("pk", text(pk)).key("sk", number(sk)).send().await.unwrap();
    Some(found.item?["by"].as_s().unwrap().clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conditional_put_and_a_transaction_are_won_by_exactly_one_of_twenty() {
    let directory = tempfile::tempdir().unwrap();
    let database = DynamoDb::start(any_port(), Some(&directory.path().join("table.db"))).unwrap();
    let client = table(&database).await;
    for round in 0..5 {
        let start = Arc::new(Barrier::new(20));
        let mut tasks = JoinSet::new();
        for task in 0..20 {
            let (client, start) = (client.clone(), Arc::clone(&start));
            tasks.spawn(async move {
                start.wait().await;
                let me = task.to_string();
                let put = client
                    .put_item()
                    .table_name(TABLE)
                    .item("pk", text("put"))
                    .item("sk", number(round))
                    .item("by", text(&me))
                    .condition_expression("attribute_not_exists(pk)")
                    .send()
                    .await
                    .map(|_| me.clone())
                    .map_err(|error| {
                        assert!(error.into_service_error().is_conditional_check_failed_exception())
                    });
                let transaction = client
                    .transact_write_items()
                    .transact_items(put_new("lock", round, &me))
                    .transact_items(put_new(&format!("record of {me}"), round, &me))
                    .send()
                    .await
                    .map(|_| me.clone())
                    .map_err(|error| assert!(error.into_service_error().is_transaction_canceled_exception()));
                (put, transaction)
            });
        }
        let (puts, transactions): (Vec<_>, Vec<_>) = tasks.join_all().await.into_iter().unzip();
        let puts: Vec<_> = puts.into_iter().flatten().collect();
        let transactions: Vec<_> = transactions.into_iter().flatten().collect();
        assert_eq!(puts.len(), 1, "winners of the put: {puts:?}");
        assert_eq!(transactions.len(), 1, "winners of the transaction: {transactions:?}");
        assert_eq!(by(&client, "put", round).await.as_ref(), Some(&puts[0]));
        for task in 0..20 {
            let me = task.to_string();
            let record = by(&client, &format!("record of {me}"), round).await;
            assert_eq!(record.is_some(), me == transactions[0], "only the winner leaves its record");
        }
    }
}

#[tokio::test]
async fn a_transaction_of_six_applies_whole_or_returns_the_item_in_the_way() {
    let database = DynamoDb::start(any_port(), None).unwrap();
    let client = table(&database).await;
    let count = Update::builder()
        .table_name(TABLE)
        .key("pk", text("environment"))
        .key("sk", number(0))
        .update_expression("SET fence = if_not_exists(fence, :none) + :one")
        .expression_attribute_values(":none", number(0))
        .expression_attribute_values(":one", number(1));
    let count = TransactWriteItem::builder().update(count.build().unwrap()).build();
    let absent = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", text("stop"))
        .key("sk", number(0))
        .condition_expression("attribute_not_exists(pk)");
    let absent = TransactWriteItem::builder().condition_check(absent.build().unwrap()).build();
    let whole = |lock: &str, me: &str, token: &str| {
        let history = (0..3).map(|step| put_new(me, step, me));
        let items = [put_new(lock, 0, me), count.clone(), absent.clone()].into_iter().chain(history);
        client.transact_write_items().client_request_token(token).set_transact_items(Some(items.collect()))
    };
    whole("lock", "first", "token-1").send().await.unwrap();
    whole("lock", "first", "token-1").send().await.expect("the same token again is the same transaction");

    let error = whole("lock", "second", "token-2").send().await.unwrap_err().into_service_error();
    assert!(error.is_transaction_canceled_exception(), "{error:?}");
    let Some(reasons) = cancellation_reasons(&error) else { panic!("no reasons in {error:?}") };
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or_default()).collect();
    assert_eq!(codes, ["ConditionalCheckFailed", "None", "None", "None", "None", "None"]);
    assert_eq!(reasons[0].item().unwrap()["by"], text("first"), "ALL_OLD is the item that won");
    assert!(reasons[1].item().is_none());
    assert_eq!(by(&client, "second", 0).await, None, "nothing of a cancelled transaction is left");

    let environment = client.get_item().table_name(TABLE).consistent_read(true);
    let environment =
        environment.key("pk", text("environment")).key("sk", number(0)).send().await.unwrap().item.unwrap();
    assert_eq!(environment["fence"], number(1), "neither the repeat nor the loser counted");
}

fn cancellation_reasons(
    error: &aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError,
) -> Option<&[aws_sdk_dynamodb::types::CancellationReason]> {
    use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Error;
    match error {
        Error::TransactionCanceledException(cancelled) => Some(cancelled.cancellation_reasons()),
        _ => None,
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart_for_any_key_and_region() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("new/directory/table.db");
    let first = DynamoDb::start(any_port(), Some(&file)).unwrap();
    let address = first.address();
    let writer = table(&first).await;
    for step in 0..30 {
        writer
            .transact_write_items()
            .transact_items(put_new("history", step, "writer"))
            .send()
            .await
            .unwrap();
    }
    first.shutdown().await;

    let second = DynamoDb::start(address, Some(&file)).expect("the port is free again");
    let reader = client(&second, "somebody-else", "us-east-1");
    let described = reader.describe_table().table_name(TABLE).send().await.unwrap().table.unwrap();
    assert_eq!(described.table_status, Some(TableStatus::Active));
    let query = reader.query().table_name(TABLE).consistent_read(true).limit(7);
    let pages =
        query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", text("history"));
    let items: Vec<_> = pages.into_paginator().items().send().try_collect().await.unwrap();
    let order: Vec<_> = items.iter().map(|item| item["sk"].clone()).collect();
    assert_eq!(order, (0..30).map(number).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_time_to_live_is_accepted_and_backups_are_not() {
    let database = DynamoDb::start(any_port(), None).unwrap();
    let client = table(&database).await;
    let ttl = TimeToLiveSpecification::builder().attribute_name("expires").enabled(true).build().unwrap();
    client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await.unwrap();
    let described = client.describe_time_to_live().table_name(TABLE).send().await.unwrap();
    assert_eq!(described.time_to_live_description.unwrap().attribute_name.as_deref(), Some("expires"));

    let refused = client.describe_continuous_backups().table_name(TABLE).send().await.unwrap_err();
    assert_eq!(refused.into_service_error().code(), Some("UnknownOperationException"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "not a database, and long enough not to be taken for an empty one".repeat(100))
        .unwrap();
    let error = DynamoDb::start(any_port(), Some(&file)).err().unwrap();
    assert!(matches!(&error, StandInError::Storage { path, .. } if *path == file), "{error}");
}
