//! The three writes of several items that stand together or not at all: taking the lock with a deployment's
//! first item, recording a rejection, reaching a terminal state with the lock's release (protocol rules 1, 2
//! and 3). Must never decide by a read before the write: the conditions are in the transaction, and what
//! stood there when one failed is in its answer.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use uuid::Uuid;

use super::cancelled::TRANSACT;
use super::holds::HOLD;
use super::items::{Item, decode_entry, decode_lock, encode, encode_entry};
use super::keys::Key;
use super::once::absent;
use super::store::DynamoDbStore;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Appended, BetaRecord, Closing, Entry, Opened, Opening, Rejected};

pub(super) const ALL_OLD: ReturnValuesOnConditionCheckFailure = ReturnValuesOnConditionCheckFailure::AllOld;

/// Where the history item and the lock stand in each transaction. What is said of the history item goes
/// before what is said of the lock: who is recorded already need not ask for the lock (rule 2).
const ENTRY: usize = 0;
const LOCK: usize = 1;

impl DynamoDbStore {
    /// Takes the lock and writes history item 1.
    pub(super) async fn take_lock(&self, opening: &Opening) -> Answer<Opened> {
        let (application, environment) = (&opening.application, &opening.environment);
        let summary_key = Key::summary(application, environment, opening.entry.id);
        let items = vec![
            self.new_entry(&opening.entry)?,
            self.locked(opening)?,
            self.put(encode(TRANSACT, &summary_key, &opening.summary)?)?,
        ];
        let token = opening_token(opening);
        let Some(cancelled) = self.transact(items, token).await? else { return Ok(Opened::Written) };
        if let Some(standing) = cancelled.failed_condition(ENTRY)? {
            return recorded(&opening.entry, standing);
        }
        let Some(lock) = cancelled.failed_condition(LOCK)? else { return Err(cancelled.unexplained()) };
        let mut lock = decode_lock(TRANSACT, lock)?;
        let hold = lock.hold.take_if(|hold| Some(hold.id) != opening.ended_hold);
        match (lock.holder, hold) {
            // Ours already. Then item 1 was written with it, even if only the lock's condition is reported.
            (Some(holder), _) if holder == opening.entry.id => {
                match self.get_item(&Key::event(opening.entry.id, 1)).await? {
                    None => Ok(Opened::LockMoved),
                    standing => recorded(&opening.entry, standing),
                }
            }
            (_, Some(hold)) => Ok(Opened::OnHold(hold)),
            (Some(_), None) => Ok(Opened::Held(lock)),
            (None, None) => Ok(Opened::LockMoved),
        }
    }

    /// Writes history item 1 of a rejected deployment.
    pub(super) async fn write_rejected(&self, rejected: &Rejected) -> Answer<Opened> {
        let (application, environment) = (&rejected.application, &rejected.environment);
        let summary_key = Key::summary(application, environment, rejected.entry.id);
        let mut items = vec![self.new_entry(&rejected.entry)?];
        if let Some(holder) = rejected.because_of {
            let held = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(Key::lock(application, environment).attributes()))
                .condition_expression("#holder = :holder")
                .expression_attribute_names("#holder", "holder")
                .expression_attribute_values(":holder", AttributeValue::S(holder.to_string()))
                .return_values_on_condition_check_failure(ALL_OLD)
                .build();
            items.push(TransactWriteItem::builder().condition_check(complete(held)?).build());
        }
        if let Some(summary) = &rejected.summary {
            items.push(self.put(encode(TRANSACT, &summary_key, summary)?)?);
        }
        let token = request_token(&rejected.entry.write_id, "reject", 0);
        let Some(cancelled) = self.transact(items, token).await? else { return Ok(Opened::Written) };
        if let Some(standing) = cancelled.failed_condition(ENTRY)? {
            return recorded(&rejected.entry, standing);
        }
        match rejected.because_of {
            Some(_) if cancelled.failed_condition(LOCK)?.is_some() => Ok(Opened::LockMoved),
            _ => Err(cancelled.unexplained()),
        }
    }

    /// Writes the last history item, the environment's new record and the deployment's outcome, and lets go
    /// of the lock.
    pub(super) async fn release_lock(&self, closing: &Closing) -> Answer<Appended> {
        let (application, environment) = (&closing.application, &closing.environment);
        let summary_key = Key::summary(application, environment, closing.entry.id);
        let mut items = vec![
            self.new_entry(&closing.entry)?,
            self.released(closing)?,
            self.outcome(&summary_key, closing)?,
        ];
        if let Some(record) = &closing.record {
            items.push(self.put(encode(TRANSACT, &Key::record(application, environment), record)?)?);
        }
        let beta_place = items.len();
        if let Some(beta) = &closing.beta {
            items.push(self.healthy_beta(&Key::beta(application, &beta.tag), beta)?);
        }
        let token = request_token(&closing.entry.write_id, "close", closing.token);
        let Some(cancelled) = self.transact(items, token).await? else { return Ok(Appended::Written) };
        if let Some(standing) = cancelled.failed_condition(ENTRY)? {
            return match recorded(&closing.entry, standing)? {
                Opened::AlreadyRecorded(other) => Ok(Appended::Lost(other)),
                _ => Ok(Appended::Written),
            };
        }
        if cancelled.failed_condition(LOCK)?.is_some() {
            return self.lost(closing).await;
        }
        match &closing.beta {
            Some(beta) if cancelled.failed_condition(beta_place)?.is_some() => Err(Fault::new(
                Service::DynamoDb,
                TRANSACT,
                FaultKind::Refused,
                format!("{} is already recorded with another commit or image; raise the version", beta.tag),
            )),
            _ => Err(cancelled.unexplained()),
        }
    }

    /// The lock is not ours any more: what the history says now.
    async fn lost(&self, closing: &Closing) -> Answer<Appended> {
        match self.newest_entry(closing.entry.id).await? {
            Some(newest) => Ok(Appended::Lost(Box::new(newest))),
            None => Err(Fault::new(
                Service::DynamoDb,
                TRANSACT,
                FaultKind::NotFound,
                format!("deployment {} has no history to close", closing.entry.id),
            )),
        }
    }

    fn new_entry(&self, entry: &Entry) -> Answer<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(encode_entry(TRANSACT, entry)?))
            .condition_expression(absent())
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        Ok(TransactWriteItem::builder().put(complete(put)?).build())
    }

    /// Free, not on hold, and not held by anybody since it was read: the token rises with every holder.
    fn locked(&self, opening: &Opening) -> Answer<TransactWriteItem> {
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::lock(&opening.application, &opening.environment).attributes()))
            .update_expression("SET #holder = :holder, #token = :token, #since = :since, #actor = :actor")
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#actor", "actor")
            .expression_attribute_values(":holder", AttributeValue::S(opening.entry.id.to_string()))
            .expression_attribute_values(":token", number(opening.observed_token.saturating_add(1)))
            .expression_attribute_values(":since", AttributeValue::S(opening.entry.at.to_string()))
            .expression_attribute_values(":actor", AttributeValue::S(opening.summary.actor.clone()))
            .return_values_on_condition_check_failure(ALL_OLD);
        // A hold makes the item too: then there is one that nobody ever held.
        let unmoved = match opening.observed_token {
            0 => "(attribute_not_exists(#token) OR #token = :observed)",
            _ => "#token = :observed",
        };
        let mut not_on_hold = "attribute_not_exists(#hold)".to_owned();
        if let Some(ended) = opening.ended_hold {
            not_on_hold = format!("({not_on_hold} OR #hold.#id = :ended)");
            update = update
                .expression_attribute_names("#id", "id")
                .expression_attribute_values(":ended", AttributeValue::S(ended.to_string()));
        }
        update = update
            .condition_expression(format!("attribute_not_exists(#holder) AND {unmoved} AND {not_on_hold}"))
            .expression_attribute_names("#hold", HOLD)
            .expression_attribute_values(":observed", number(opening.observed_token));
        Ok(TransactWriteItem::builder().update(complete(update.build())?).build())
    }

    /// How it ended, in the environment's list; when it was taken up stays as it was.
    fn outcome(&self, key: &Key, closing: &Closing) -> Answer<TransactWriteItem> {
        // None is stored as null, as in an item that is written whole; an empty text would come back as a reason.
        let text = |text: &Option<String>| text.clone().map_or(AttributeValue::Null(true), AttributeValue::S);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET #outcome = :outcome, #reason = :reason")
            .expression_attribute_names("#outcome", "outcome")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":outcome", text(&closing.summary.outcome))
            .expression_attribute_values(":reason", text(&closing.summary.reason))
            .build();
        Ok(TransactWriteItem::builder().update(complete(update)?).build())
    }

    /// Held by this deployment under this token; afterwards free, the token kept.
    fn released(&self, closing: &Closing) -> Answer<TransactWriteItem> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(Key::lock(&closing.application, &closing.environment).attributes()))
            .update_expression("REMOVE #holder, #since, #actor")
            .condition_expression("#holder = :holder AND #token = :token")
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_names("#token", "token")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#actor", "actor")
            .expression_attribute_values(":holder", AttributeValue::S(closing.entry.id.to_string()))
            .expression_attribute_values(":token", number(closing.token))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        Ok(TransactWriteItem::builder().update(complete(update)?).build())
    }

    /// New, or seen healthy once more as the same commit and image.
    fn healthy_beta(&self, key: &Key, beta: &BetaRecord) -> Answer<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(encode(TRANSACT, key, beta)?))
            .condition_expression(format!("{} OR (#commit = :commit AND #digest = :digest)", absent()))
            .expression_attribute_names("#commit", "commit")
            .expression_attribute_names("#digest", "digest")
            .expression_attribute_values(":commit", AttributeValue::S(beta.commit.to_string()))
            .expression_attribute_values(":digest", AttributeValue::S(beta.digest.to_string()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build();
        Ok(TransactWriteItem::builder().put(complete(put)?).build())
    }

    pub(super) fn put(&self, item: Item) -> Answer<TransactWriteItem> {
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        Ok(TransactWriteItem::builder().put(complete(put)?).build())
    }
}

/// What a standing history item says about the one that was to be written.
fn recorded(ours: &Entry, standing: Option<Item>) -> Answer<Opened> {
    let standing = decode_entry(TRANSACT, standing.unwrap_or_default())?;
    Ok(if standing.write_id == ours.write_id {
        Opened::Written
    } else {
        Opened::AlreadyRecorded(Box::new(standing))
    })
}

/// The token of an opening: another one once another hold is known to have ended.
fn opening_token(opening: &Opening) -> String {
    let write = &opening.entry.write_id;
    let of = opening.ended_hold.map_or_else(|| write.clone(), |hold| format!("{write}/{hold}"));
    request_token(&of, "open", opening.observed_token)
}

/// DynamoDB recognises a repeat by this token for ten minutes, and refuses other content under it; so it is
/// one of the write, of what it does and of the lock it was made for. At most 36 characters: a UUID.
pub(super) fn request_token(write_id: &str, what: &str, lock: u64) -> String {
    let name = format!("{what}/{lock}/{write_id}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The SDK's builders check that required members are set.
pub(super) fn complete<T>(built: Result<T, BuildError>) -> Answer<T> {
    built.map_err(|error| Fault::new(Service::DynamoDb, TRANSACT, FaultKind::Refused, error.to_string()))
}
