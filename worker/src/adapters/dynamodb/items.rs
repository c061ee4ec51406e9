//! What the items of the table look like: every field a readable attribute, so that the AWS CLI alone can
//! tell a deployment's story. Must never guess: an item that does not fit is a fault that names the item and
//! the attribute.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use lockstep_events::DeploymentId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::{Key, PARTITION, SORT};
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{Answer, Entry, Hold, Lock};

/// An item as the SDK holds it.
pub(super) type Item = HashMap<String, AttributeValue>;

/// How a history item is stored. The compiler keeps its fields those of [`Entry`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "Entry")]
struct StoredEntry {
    id: DeploymentId,
    seq: u64,
    at: Timestamp,
    worker: String,
    write_id: String,
    from: String,
    to: String,
    event: String,
    detail: String,
    wake: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    terminal: bool,
    snapshot: String,
}

#[derive(Serialize)]
#[serde(transparent)]
struct WrittenEntry<'a>(#[serde(with = "StoredEntry")] &'a Entry);

#[derive(Deserialize)]
#[serde(transparent)]
struct ReadEntry(#[serde(with = "StoredEntry")] Entry);

/// How a lock is stored: without a holder when it is free, and then its token still counts.
#[derive(Deserialize)]
#[serde(remote = "Lock")]
struct StoredLock {
    #[serde(default)]
    holder: Option<DeploymentId>,
    token: u64,
    #[serde(default)]
    since: Option<Timestamp>,
    #[serde(default)]
    actor: Option<String>,
    #[serde(default)]
    hold: Option<Hold>,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct ReadLock(#[serde(with = "StoredLock")] Lock);

/// The item of a history entry.
pub(super) fn encode_entry(operation: &'static str, entry: &Entry) -> Answer<Item> {
    encode(operation, &Key::event(entry.id, entry.seq), &WrittenEntry(entry))
}

/// The history entry of an item.
pub(super) fn decode_entry(operation: &'static str, item: Item) -> Answer<Entry> {
    decode::<ReadEntry>(operation, item).map(|ReadEntry(entry)| entry)
}

/// The lock of an item; an environment that was never locked has none.
pub(super) fn decode_lock(operation: &'static str, item: Option<Item>) -> Answer<Lock> {
    match item {
        Some(item) => decode::<ReadLock>(operation, item).map(|ReadLock(lock)| lock),
        None => Ok(Lock { holder: None, token: 0, since: None, actor: None, hold: None }),
    }
}

/// An item with this key: each field of the value an attribute of the same name.
pub(super) fn encode<T: Serialize>(operation: &'static str, key: &Key, value: &T) -> Answer<Item> {
    let mut item: Item = serde_dynamo::to_item(value).map_err(|error| {
        Fault::new(
            Service::DynamoDb,
            operation,
            FaultKind::Refused,
            format!("{key} cannot be stored as an item: {error}"),
        )
    })?;
    item.extend(key.attributes());
    Ok(item)
}

/// Whether the SDK does not know this attribute's type, at which serde_dynamo panics.
fn is_unknown(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::M(fields) => fields.values().any(is_unknown),
        AttributeValue::L(values) => values.iter().any(is_unknown),
        other => other.is_unknown(),
    }
}

/// The value of an item. Attributes that this version does not know are left alone.
pub(super) fn decode<T: DeserializeOwned>(operation: &'static str, item: Item) -> Answer<T> {
    let key = format!("{} / {}", text(&item, PARTITION), text(&item, SORT));
    if let Some((name, _)) = item.iter().find(|(_, value)| is_unknown(value)) {
        let message = format!("item {key}, attribute {name}: of a type that this version does not know");
        return Err(Fault::new(Service::DynamoDb, operation, FaultKind::Unintelligible, message));
    }
    let item = serde_dynamo::AttributeValue::M(serde_dynamo::Item::from(item).into());
    let item = serde_dynamo::Deserializer::from_attribute_value(item);
    serde_path_to_error::deserialize(item).map_err(|error| {
        let attribute = error.path().to_string();
        Fault::new(
            Service::DynamoDb,
            operation,
            FaultKind::Unintelligible,
            format!("item {key}, attribute {attribute}: {}; was it changed by hand?", error.inner()),
        )
    })
}

fn text<'a>(item: &'a Item, attribute: &str) -> &'a str {
    item.get(attribute).and_then(|value| value.as_s().ok()).map_or("?", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{EnvironmentRecord, HealthyRelease};

    fn entry(claim: Option<&str>) -> Entry {
        Entry {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            seq: 12,
            at: "2026-11-23T09:30:00.5Z".parse().unwrap(),
            worker: "host-1/4711".to_owned(),
            write_id: "w-1".to_owned(),
            from: "locked".to_owned(),
            to: "locked/awaiting-build".to_owned(),
            event: "build-dispatched".to_owned(),
            detail: "run 5".to_owned(),
            wake: 3,
            claim: claim.map(str::to_owned),
            terminal: false,
            snapshot: r#"{"version":1}"#.to_owned(),
        }
    }

    #[test]
    fn an_entry_is_readable_attributes_and_comes_back_the_same() {
        for entry in [entry(None), entry(Some("nonce"))] {
            let item = encode_entry("PutItem", &entry).unwrap();
            assert_eq!(item["sk"], AttributeValue::S("event#0000000012".to_owned()));
            assert_eq!(item["seq"], AttributeValue::N("12".to_owned()));
            assert_eq!(item["wake"], AttributeValue::N("3".to_owned()));
            assert_eq!(item["at"], AttributeValue::S("2026-11-23T09:30:00.5Z".to_owned()));
            assert_eq!(item["to"], AttributeValue::S("locked/awaiting-build".to_owned()));
            assert_eq!(item["terminal"], AttributeValue::Bool(false));
            assert_eq!(item["snapshot"], AttributeValue::S(r#"{"version":1}"#.to_owned()));
            assert_eq!(item.contains_key("claim"), entry.claim.is_some());
            assert_eq!(decode_entry("GetItem", item).unwrap(), entry);
        }
    }

    #[test]
    fn an_item_that_does_not_fit_is_named_with_its_attribute() {
        let mut wrong_type = encode_entry("PutItem", &entry(None)).unwrap();
        wrong_type.insert("wake".to_owned(), AttributeValue::S("three".to_owned()));
        let mut wrong_value = encode_entry("PutItem", &entry(None)).unwrap();
        wrong_value.insert("at".to_owned(), AttributeValue::S("yesterday".to_owned()));
        let mut absent = encode_entry("PutItem", &entry(None)).unwrap();
        absent.remove("snapshot");
        for (item, attribute) in [(wrong_type, "wake"), (wrong_value, "at"), (absent, "snapshot")] {
            let fault = decode_entry("Query", item).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unintelligible);
            for part in ["deployment#01890a5d-ac96-774b-bcce-b302099a8057 / event#0000000012", attribute] {
                assert!(fault.message.contains(part), "{part} in {}", fault.message);
            }
        }
    }

    #[test]
    fn a_fault_in_a_nested_value_is_named_with_its_path() {
        let release = HealthyRelease {
            deployment: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            version: "1.2.3".parse().unwrap(),
            image_tag: "1.2.3".to_owned(),
            commit: None,
            digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
            task_definition: "arn".to_owned(),
            at: "2026-11-23T09:30:00Z".parse().unwrap(),
        };
        let record = EnvironmentRecord { current: Some(release), desired: Some(2), ..Default::default() };
        let key = Key::record(&"shop".parse().unwrap(), &"staging".parse().unwrap());
        let item = encode("TransactWriteItems", &key, &record).unwrap();
        assert_eq!(decode::<EnvironmentRecord>("GetItem", item.clone()).unwrap(), record);

        let mut broken = item;
        let Some(AttributeValue::M(current)) = broken.get_mut("current") else { panic!("a map") };
        current.insert("digest".to_owned(), AttributeValue::S("md5:1".to_owned()));
        let fault = decode::<EnvironmentRecord>("GetItem", broken).unwrap_err();
        assert!(fault.message.contains("current.digest"), "{}", fault.message);
    }

    #[test]
    fn a_lock_that_never_was_is_free_with_token_zero() {
        let lock = decode_lock("GetItem", None).unwrap();
        assert_eq!((lock.holder, lock.token), (None, 0));
        let free = HashMap::from([("token".to_owned(), AttributeValue::N("4".to_owned()))]);
        let lock = decode_lock("GetItem", Some(free)).unwrap();
        assert_eq!((lock.holder, lock.token), (None, 4));
    }
}
