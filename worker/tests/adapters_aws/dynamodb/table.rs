//! The table itself: made once, its items readable, named when they are not what they should be.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use lockstep::adapters::dynamodb::{DynamoDbStore, create_table};
use lockstep::faults::FaultKind;
use lockstep::ports::Store;

use super::fixtures::{TABLE, client, entry, new_id, opening, store};

#[tokio::test]
async fn the_table_is_created_once_and_one_with_other_keys_is_refused() {
    let (_, client) = store().await;
    create_table(&client, TABLE).await.unwrap();
    client
        .create_table()
        .table_name("other")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap())
        .attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name("id")
                .attribute_type(ScalarAttributeType::S)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let fault = create_table(&client, "other").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("other keys"), "{fault}");
}

#[tokio::test]
async fn an_item_changed_by_hand_is_named() {
    let (store, client) = store().await;
    let entry = entry(new_id(), 1);
    store.append(&entry).await.unwrap();
    client
        .update_item()
        .table_name(TABLE)
        .key("pk", AttributeValue::S(format!("deployment#{}", entry.id)))
        .key("sk", AttributeValue::S("event#0000000001".to_owned()))
        .update_expression("SET #at = :at")
        .expression_attribute_names("#at", "at")
        .expression_attribute_values(":at", AttributeValue::S("yesterday".to_owned()))
        .send()
        .await
        .unwrap();
    let fault = store.newest(entry.id).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unintelligible);
    for part in [entry.id.to_string().as_str(), "event#0000000001", "attribute at"] {
        assert!(fault.message.contains(part), "{fault}");
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_not_found() {
    let store = DynamoDbStore::new(client().await, "absent".to_owned());
    let id = new_id();
    assert_eq!(store.newest(id).await.unwrap_err().kind, FaultKind::NotFound);
    assert_eq!(store.append(&entry(id, 1)).await.unwrap_err().kind, FaultKind::NotFound);
    assert_eq!(store.open(&opening(id, 0)).await.unwrap_err().kind, FaultKind::NotFound);
}
