//! Setting and releasing a hold: the attribute on the lock's item, by which taking the lock is refused, and the
//! hold's own item, which stays, in one transaction. Must never touch who holds the lock.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use lockstep_events::{ApplicationName, EnvironmentName};

use super::cancelled::TRANSACT;
use super::items::{Item, decode_lock, encode};
use super::keys::Key;
use super::store::DynamoDbStore;
use super::transactions::{ALL_OLD, complete, number, request_token};
use crate::ports::{Answer, HoldChanged, HoldRecord, Holding, Releasing};

/// The hold's attribute, in the lock's item and in its own.
pub(super) const HOLD: &str = "hold";

/// Where the lock's item stands in both transactions.
const LOCK: usize = 0;

/// That the standing hold is the one with this id.
const IS_STILL_THIS: &str = "#hold.#id = :id";

impl DynamoDbStore {
    /// Puts a hold on the lock's item, which is made if the environment was never locked.
    pub(super) async fn set_hold(&self, holding: &Holding) -> Answer<HoldChanged> {
        let (application, environment) = (&holding.application, &holding.environment);
        let ours = self.hold_item(
            application,
            environment,
            &HoldRecord { hold: holding.hold.clone(), released: None },
        )?;
        let hold = ours.get(HOLD).cloned().unwrap_or(AttributeValue::Null(true));
        let update = self
            .lock_of(application, environment)
            .update_expression("SET #hold = :hold, #token = if_not_exists(#token, :never)")
            .expression_attribute_names("#token", "token")
            .expression_attribute_values(":hold", hold)
            .expression_attribute_values(":never", number(0));
        let update = match &holding.replaces {
            None => update.condition_expression("attribute_not_exists(#hold)"),
            Some(old) => is_still(update, old),
        };
        let mut items =
            vec![TransactWriteItem::builder().update(complete(update.build())?).build(), self.put(ours)?];
        if let Some(old) = &holding.replaces {
            items.push(self.put(self.hold_item(application, environment, old)?)?);
        }
        let token = request_token(&holding.hold.id.to_string(), "hold", 0);
        match self.changed(items, token).await? {
            // Ours already, by a try whose answer was lost.
            HoldChanged::Moved(Some(standing)) if standing.id == holding.hold.id => Ok(HoldChanged::Written),
            changed => Ok(changed),
        }
    }

    /// Takes a hold off the lock's item.
    pub(super) async fn end_hold(&self, releasing: &Releasing) -> Answer<HoldChanged> {
        let (application, environment) = (&releasing.application, &releasing.environment);
        let record = HoldRecord { hold: releasing.hold.clone(), released: Some(releasing.release.clone()) };
        let update = self.lock_of(application, environment).update_expression("REMOVE #hold");
        let update = is_still(update, &record).build();
        let items = vec![
            TransactWriteItem::builder().update(complete(update)?).build(),
            self.put(self.hold_item(application, environment, &record)?)?,
        ];
        // Of this release and no other of the same hold: DynamoDB refuses other content under a token.
        let of = format!("{}/{}/{}", record.hold.id, releasing.release.by, releasing.release.at);
        self.changed(items, request_token(&of, "release", 0)).await
    }

    async fn changed(&self, items: Vec<TransactWriteItem>, token: String) -> Answer<HoldChanged> {
        let Some(cancelled) = self.transact(items, token).await? else { return Ok(HoldChanged::Written) };
        match cancelled.failed_condition(LOCK)? {
            Some(standing) => Ok(HoldChanged::Moved(decode_lock(TRANSACT, standing)?.hold)),
            None => Err(cancelled.unexplained()),
        }
    }

    fn lock_of(&self, application: &ApplicationName, environment: &EnvironmentName) -> UpdateBuilder {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::lock(application, environment).attributes()))
            .expression_attribute_names("#hold", HOLD)
            .return_values_on_condition_check_failure(ALL_OLD)
    }

    fn hold_item(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        record: &HoldRecord,
    ) -> Answer<Item> {
        encode(TRANSACT, &Key::hold(application, environment, record.hold.id), record)
    }
}

fn is_still(update: UpdateBuilder, standing: &HoldRecord) -> UpdateBuilder {
    update
        .condition_expression(IS_STILL_THIS)
        .expression_attribute_names("#id", "id")
        .expression_attribute_values(":id", AttributeValue::S(standing.hold.id.to_string()))
}
