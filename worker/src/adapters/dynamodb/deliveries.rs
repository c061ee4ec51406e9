//! What each address was told of a deployment: one item an address, in the deployment's partition, before its history.
//! Must never be part of a deployment's transaction.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use lockstep_events::DeploymentId;

use super::items::encode;
use super::keys::Key;
use super::once::absent;
use super::store::DynamoDbStore;
use super::transactions::number;
use crate::faults::Service;
use crate::faults::aws::classify;
use crate::ports::{Answer, Deliveries, DeliveryRecords};

const PUT: &str = "PutItem";

#[async_trait]
impl DeliveryRecords for DynamoDbStore {
    async fn deliveries(&self, id: DeploymentId, webhook: &str) -> Answer<Deliveries> {
        Ok(self.get(&Key::deliveries(id, webhook)).await?.unwrap_or_default())
    }

    async fn record_deliveries(
        &self,
        id: DeploymentId,
        webhook: &str,
        deliveries: &Deliveries,
    ) -> Answer<bool> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(encode(
            PUT,
            &Key::deliveries(id, webhook),
            deliveries,
        )?));
        let before = deliveries.version.saturating_sub(1);
        let put = match before {
            0 => put.condition_expression(absent()),
            before => put
                .condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", number(before)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(classify(Service::DynamoDb, PUT, &error)),
            },
        }
    }
}
