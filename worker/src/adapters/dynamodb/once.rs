//! Writes of one item that stand only if nobody was there before: a plain transition of a history, the image
//! of a commit, the meaning of a version, which deployment a run asked for. The condition is in the write itself; nothing is read before it.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::items::{Item, decode, decode_entry, encode, encode_entry};
use super::keys::{Key, PARTITION};
use super::store::DynamoDbStore;
use crate::faults::aws::classify;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Appended, Entry};

const PUT: &str = "PutItem";

/// The condition that an item with this key does not exist yet.
pub(super) fn absent() -> String {
    format!("attribute_not_exists({PARTITION})")
}

impl DynamoDbStore {
    /// Puts a history item unless its number is taken; a taken one that is our own write is ours.
    pub(super) async fn put_entry(&self, entry: &Entry) -> Answer<Appended> {
        let Some(item) = self.put_if_absent(encode_entry(PUT, entry)?).await? else {
            return Ok(Appended::Written);
        };
        let standing = decode_entry(PUT, item)?;
        Ok(if standing.write_id == entry.write_id {
            Appended::Written
        } else {
            Appended::Lost(Box::new(standing))
        })
    }

    /// Puts a value unless its key is taken; the value that stands then.
    pub(super) async fn put_once<T>(&self, key: &Key, value: &T) -> Answer<T>
    where
        T: Serialize + DeserializeOwned + Clone,
    {
        match self.put_if_absent(encode(PUT, key, value)?).await? {
            None => Ok(value.clone()),
            Some(standing) => decode(PUT, standing),
        }
    }

    /// Puts an item unless its key is taken: `None` when it was put, else the item that stands.
    async fn put_if_absent(&self, item: Item) -> Answer<Option<Item>> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(absent())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(None) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(taken)) => {
                taken.item.clone().map(Some).ok_or_else(|| {
                    Fault::new(
                        Service::DynamoDb,
                        PUT,
                        FaultKind::Unintelligible,
                        "the condition failed but the item that stands was not returned",
                    )
                })
            }
            _ => Err(classify(Service::DynamoDb, PUT, &error)),
        }
    }
}
