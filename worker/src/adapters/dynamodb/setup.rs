//! How the table is set up and protected. Must only read.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus};

use super::table::has_our_keys;
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::Answer;
use crate::ports::setup::{TableInspector, TableSetup};

const DESCRIBE: &str = "DescribeTable";

/// Looks at the table, through a client whose own retries are off.
#[derive(Debug, Clone)]
pub struct DynamoDbInspector {
    client: Client,
    table: String,
}

impl DynamoDbInspector {
    /// DynamoDB by this client; nothing is called yet.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

#[async_trait]
impl TableInspector for DynamoDbInspector {
    async fn table(&self) -> Answer<Option<TableSetup>> {
        let answer = match self.client.describe_table().table_name(&self.table).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let fault = classify(Service::DynamoDb, DESCRIBE, &error);
                return if fault.kind == FaultKind::NotFound { Ok(None) } else { Err(fault) };
            }
        };
        let table = answer.table.ok_or_else(|| {
            Fault::new(Service::DynamoDb, DESCRIBE, FaultKind::Unintelligible, "the answer has no Table")
        })?;
        Ok(Some(TableSetup {
            status: table.table_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            keys: keys(&table),
            keys_fit: has_our_keys(&table),
            deletion_protected: table.deletion_protection_enabled().unwrap_or(false),
        }))
    }

    async fn recoverable(&self) -> Answer<bool> {
        let answer = self
            .client
            .describe_continuous_backups()
            .table_name(&self.table)
            .send()
            .await
            .map_err(|error| classify(Service::DynamoDb, "DescribeContinuousBackups", &error))?;
        let recovery = answer
            .continuous_backups_description()
            .and_then(|backups| backups.point_in_time_recovery_description())
            .and_then(|recovery| recovery.point_in_time_recovery_status());
        Ok(recovery == Some(&PointInTimeRecoveryStatus::Enabled))
    }

    async fn expiry(&self) -> Answer<Option<String>> {
        let answer = self
            .client
            .describe_time_to_live()
            .table_name(&self.table)
            .send()
            .await
            .map_err(|error| classify(Service::DynamoDb, "DescribeTimeToLive", &error))?;
        let expiry = answer.time_to_live_description().filter(|expiry| {
            matches!(
                expiry.time_to_live_status(),
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            )
        });
        Ok(expiry.map(|expiry| expiry.attribute_name().unwrap_or("an attribute").to_owned()))
    }
}

/// The keys as a person reads them.
fn keys(table: &TableDescription) -> String {
    let one = |key: &aws_sdk_dynamodb::types::KeySchemaElement| {
        let name = key.attribute_name();
        let attribute =
            table.attribute_definitions().iter().find(|attribute| attribute.attribute_name() == name);
        let kind = attribute.map_or("?", |attribute| attribute.attribute_type().as_str());
        format!("{name} ({kind}, {})", key.key_type().as_str())
    };
    table.key_schema().iter().map(one).collect::<Vec<_>>().join(", ")
}
