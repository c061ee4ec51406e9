//! Creates the table for local use; elsewhere the infrastructure does. Must never change or delete one.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters as _;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, TableDescription,
};

use super::keys::{PARTITION, SORT};
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;

const CREATE: &str = "CreateTable";
const DESCRIBE: &str = "DescribeTable";

/// How long a table may take to become usable; AWS takes seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Creates the table unless it exists (keys `pk` and `sk`, both strings; billed per request) and waits until
/// it can be used.
///
/// # Errors
/// A [`Fault`]: of kind `Refused` when a table of that name has other keys, of kind `TimedOut` when it does
/// not become usable within two minutes.
pub async fn create_table(client: &Client, table: &str) -> Answer<()> {
    let created = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(complete(
            KeySchemaElement::builder().attribute_name(PARTITION).key_type(KeyType::Hash).build(),
        )?)
        .key_schema(complete(
            KeySchemaElement::builder().attribute_name(SORT).key_type(KeyType::Range).build(),
        )?)
        .attribute_definitions(string(PARTITION)?)
        .attribute_definitions(string(SORT)?)
        .send()
        .await;
    if let Err(error) = created {
        // Somebody was first; their table is looked at below.
        if !matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) {
            return Err(classify(Service::DynamoDb, CREATE, &error));
        }
    }
    let usable = client.wait_until_table_exists().table_name(table).wait(PATIENCE).await;
    let description = usable
        .map_err(|error| {
            let message = format!("table {table} did not become ACTIVE: {error}");
            Fault::new(Service::DynamoDb, DESCRIBE, FaultKind::TimedOut, message)
        })?
        .into_result()
        .map_err(|error| {
            let message = format!("table {table}: {error}");
            Fault::new(Service::DynamoDb, DESCRIBE, FaultKind::Unavailable, message)
        })?
        .table;
    if description.as_ref().is_some_and(has_our_keys) {
        Ok(())
    } else {
        Err(Fault::new(
            Service::DynamoDb,
            CREATE,
            FaultKind::Refused,
            format!(
                "a table {table} exists with other keys than {PARTITION} and {SORT} (strings); \
                 choose another name or remove it"
            ),
        ))
    }
}

/// Whether the table's keys are the store's.
pub(super) fn has_our_keys(table: &TableDescription) -> bool {
    let keys: Vec<_> = table.key_schema().iter().map(|key| (key.key_type(), key.attribute_name())).collect();
    let strings = table
        .attribute_definitions()
        .iter()
        .filter(|attribute| [PARTITION, SORT].contains(&attribute.attribute_name()))
        .all(|attribute| *attribute.attribute_type() == ScalarAttributeType::S);
    keys == [(&KeyType::Hash, PARTITION), (&KeyType::Range, SORT)] && strings
}

fn string(attribute: &str) -> Answer<AttributeDefinition> {
    complete(
        AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build(),
    )
}

fn complete<T>(built: Result<T, aws_sdk_dynamodb::error::BuildError>) -> Answer<T> {
    built.map_err(|error| Fault::new(Service::DynamoDb, CREATE, FaultKind::Refused, error.to_string()))
}
