//! What the worker relies on in DynamoDB, SQS and an OCI registry, shown of the stand-ins through the clients
//! that the worker uses. Must not reach into a stand-in other than over HTTP and through its public switches.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic there is the report")]

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use sandbox::stand_ins::{DynamoDb, Registry, RegistryAuth, Sqs, StandInError, TagRule};

const ANY_PORT: &str = "127.0.0.1:0";
/// How long to poll for something that takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn any_port() -> SocketAddr {
    ANY_PORT.parse().unwrap()
}

/// Polls until there is an answer.
async fn eventually<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = poll().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it_and_says_what_to_do() {
    let first = Sqs::start(any_port(), "eu-west-1", "123456789012").unwrap();
    let taken = first.address();
    let directory = tempfile::tempdir().unwrap();
    let errors = [
        DynamoDb::start(taken, None).err().unwrap(),
        Sqs::start(taken, "eu-west-1", "123456789012").err().unwrap(),
        Registry::start(taken, directory.path()).err().unwrap(),
    ];
    for error in errors {
        assert!(matches!(error, StandInError::PortTaken { port, .. } if port == taken.port()));
        let message = error.to_string();
        assert!(message.contains(&format!("port {} on 127.0.0.1 is taken", taken.port())), "{message}");
        assert!(message.contains("choose another port"), "{message}");
    }
    first.shutdown().await;
    DynamoDb::start(taken, None).expect("a port that was given back can be taken again");
}

#[tokio::test]
async fn only_this_machine_can_reach_a_stand_in() {
    let error = DynamoDb::start("0.0.0.0:0".parse().unwrap(), None).err().unwrap();
    assert!(matches!(error, StandInError::NotLoopback { .. }));
}

mod dynamodb {
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
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
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
                        .map_err(|error| {
                            assert!(error.into_service_error().is_transaction_canceled_exception())
                        });
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
            client
                .transact_write_items()
                .client_request_token(token)
                .set_transact_items(Some(items.collect()))
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
        let environment = environment
            .key("pk", text("environment"))
            .key("sk", number(0))
            .send()
            .await
            .unwrap()
            .item
            .unwrap();
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
}

mod sqs {
    use std::collections::HashMap;

    use aws_sdk_sqs::Client;
    use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
    use aws_sdk_sqs::types::{
        Message, MessageAttributeValue, MessageSystemAttributeName as System,
        QueueAttributeName as Attribute, SendMessageBatchRequestEntry,
    };

    use super::*;

    fn start() -> Sqs {
        Sqs::start(any_port(), "eu-west-1", "123456789012").unwrap()
    }

    fn client(sqs: &Sqs, access_key: &str) -> Client {
        Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .endpoint_url(sqs.endpoint())
                .region(Region::new("eu-west-1"))
                .credentials_provider(Credentials::new(access_key, "any", None, None, "test"))
                .build(),
        )
    }

    async fn queue(client: &Client, name: &str) -> String {
        client.create_queue().queue_name(name).send().await.unwrap().queue_url.unwrap()
    }

    async fn receive(client: &Client, url: &str) -> Option<Message> {
        let request = client.receive_message().queue_url(url).wait_time_seconds(0);
        let request = request.message_system_attribute_names(System::All).message_attribute_names("All");
        request.send().await.unwrap().messages.unwrap_or_default().pop()
    }

    fn system(message: &Message, name: &System) -> String {
        message.attributes.as_ref().unwrap()[name].clone()
    }

    async fn attribute(client: &Client, url: &str, name: Attribute) -> String {
        let got =
            client.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
        got.attributes.unwrap().remove(&name).unwrap()
    }

    #[tokio::test]
    async fn a_message_comes_back_with_its_attributes_until_it_is_deleted() {
        let sqs = start();
        let client = client(&sqs, "anyone");
        let url = queue(&client, "work").await;
        assert_eq!(url, format!("{}/123456789012/work", sqs.endpoint()));
        let found = client.get_queue_url().queue_name("work").send().await.unwrap();
        assert_eq!(found.queue_url.as_ref(), Some(&url));

        let kind =
            MessageAttributeValue::builder().data_type("String").string_value("request").build().unwrap();
        client
            .send_message()
            .queue_url(&url)
            .message_body("{}")
            .message_attributes("kind", kind)
            .send()
            .await
            .unwrap();
        let first = receive(&client, &url).await.unwrap();
        assert_eq!(first.body.as_deref(), Some("{}"));
        assert_eq!(first.message_attributes.as_ref().unwrap()["kind"].string_value(), Some("request"));
        assert_eq!(system(&first, &System::SenderId), "123456789012", "an unnamed key sends as the account");
        assert!(system(&first, &System::SentTimestamp).parse::<u64>().unwrap() > 1_700_000_000_000);
        assert_eq!(system(&first, &System::ApproximateReceiveCount), "1");
        assert!(receive(&client, &url).await.is_none(), "invisible while it is worked on");

        let handle = first.receipt_handle.unwrap();
        let visibility = client.change_message_visibility().queue_url(&url).receipt_handle(handle);
        visibility.visibility_timeout(0).send().await.unwrap();
        let second = eventually("the message, visible again", async || receive(&client, &url).await).await;
        assert_eq!(second.message_id, first.message_id);
        assert_eq!(system(&second, &System::ApproximateReceiveCount), "2");
        client
            .delete_message()
            .queue_url(&url)
            .receipt_handle(second.receipt_handle.unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessages).await, "0");
        assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessagesNotVisible).await, "0");
    }

    #[tokio::test]
    async fn a_message_may_be_delayed_on_its_own() {
        let sqs = start();
        let client = client(&sqs, "anyone");
        let url = queue(&client, "work").await;
        client.send_message().queue_url(&url).message_body("late").delay_seconds(900).send().await.unwrap();
        assert!(receive(&client, &url).await.is_none());
        assert_eq!(attribute(&client, &url, Attribute::ApproximateNumberOfMessagesDelayed).await, "1");
        client.send_message().queue_url(&url).message_body("soon").delay_seconds(1).send().await.unwrap();
        let soon = eventually("the shorter delay to end", async || receive(&client, &url).await).await;
        assert_eq!(soon.body.as_deref(), Some("soon"));
        let refused = client.send_message().queue_url(&url).message_body("").delay_seconds(901).send().await;
        refused.expect_err("SQS delays by 900 s at most");
    }

    #[tokio::test]
    async fn a_message_received_too_often_moves_to_the_dead_letter_queue_and_keeps_its_id_and_sender() {
        let sqs = start();
        sqs.name_sender("AKIASENDER", "AROASENDER:run-7");
        let client = client(&sqs, "AKIASENDER");
        let dead = queue(&client, "dead").await;
        let arn = attribute(&client, &dead, Attribute::QueueArn).await;
        assert_eq!(arn, "arn:aws:sqs:eu-west-1:123456789012:dead");
        let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
        let create = client.create_queue().queue_name("work").attributes(Attribute::RedrivePolicy, policy);
        let url =
            create.attributes(Attribute::VisibilityTimeout, "0").send().await.unwrap().queue_url.unwrap();

        let sent = client.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
        for expected in ["1", "2"] {
            let message = eventually("a receive", async || receive(&client, &url).await).await;
            assert_eq!(system(&message, &System::ApproximateReceiveCount), expected);
        }
        let parked = eventually("the message in the dead-letter queue", async || {
            assert!(receive(&client, &url).await.is_none(), "received more often than the policy allows");
            receive(&client, &dead).await
        })
        .await;
        assert_eq!(parked.message_id, sent.message_id);
        assert_eq!(parked.body.as_deref(), Some("poison"));
        assert_eq!(system(&parked, &System::SenderId), "AROASENDER:run-7");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn the_sender_is_who_signed_even_for_a_receiver_that_was_already_waiting() {
        let sqs = start();
        sqs.name_sender("AKIAWORKER", "AROAWORKER:w1");
        sqs.name_sender("AKIASENDER", "AROASENDER:run-7");
        let (worker, sender) = (client(&sqs, "AKIAWORKER"), client(&sqs, "AKIASENDER"));
        let url = queue(&worker, "work").await;
        for round in 0..20 {
            let receiver = {
                let wait =
                    worker.receive_message().queue_url(&url).wait_time_seconds(20).max_number_of_messages(1);
                tokio::spawn(wait.message_system_attribute_names(System::SenderId).send())
            };
            let claim = MessageAttributeValue::builder().data_type("String").string_value("AROAWORKER:w1");
            let (client, expected) =
                if round % 2 == 0 { (&sender, "AROASENDER:run-7") } else { (&worker, "AROAWORKER:w1") };
            let send = client.send_message().queue_url(&url).message_body(r#"{"SenderId":"AROAWORKER:w1"}"#);
            send.message_attributes("SenderId", claim.build().unwrap()).send().await.unwrap();
            let message = receiver.await.unwrap().unwrap().messages.unwrap().remove(0);
            assert_eq!(system(&message, &System::SenderId), expected);
            let handle = message.receipt_handle.unwrap();
            worker.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
        }
        let entry =
            |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
        let batch = sender.send_message_batch().queue_url(&url).entries(entry("a")).entries(entry("b"));
        assert_eq!(batch.send().await.unwrap().successful.len(), 2);
        let mut senders = HashMap::new();
        while let Some(message) = receive(&worker, &url).await {
            senders.insert(message.body.clone().unwrap(), system(&message, &System::SenderId));
        }
        let expected = ["a", "b"].map(|body| (body.to_owned(), "AROASENDER:run-7".to_owned()));
        assert_eq!(senders, HashMap::from(expected));
    }

    #[tokio::test]
    async fn a_restart_on_the_same_port_ends_long_polls_and_forgets_the_queues() {
        let sqs = start();
        let address = sqs.address();
        let before = client(&sqs, "anyone");
        let url = queue(&before, "work").await;
        before.send_message().queue_url(&url).message_body("lost").send().await.unwrap();
        let _taken = receive(&before, &url).await.unwrap();
        let poll = tokio::spawn(before.receive_message().queue_url(&url).wait_time_seconds(20).send());
        // Most likely the poll is waiting by now; the outcome is the same if it is not.
        tokio::time::sleep(Duration::from_millis(200)).await;
        sqs.shutdown().await;
        poll.await.unwrap().expect_err("a receiver is told that its queue is gone");

        let sqs = Sqs::start(address, "eu-west-1", "123456789012").expect("the port is free again");
        let after = client(&sqs, "anyone");
        let gone = after.get_queue_url().queue_name("work").send().await.unwrap_err().into_service_error();
        assert!(gone.is_queue_does_not_exist(), "{gone:?}");
        assert_eq!(queue(&after, "work").await, url);
        assert!(receive(&after, &url).await.is_none());
    }
}

mod registry {
    use axum::http::HeaderValue;
    use ferro_blob_store::Digest;
    use oci_client::client::{Client, ClientConfig, ClientProtocol};
    use oci_client::errors::{OciDistributionError, OciErrorCode};
    use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE as INDEX, OCI_IMAGE_MEDIA_TYPE as MANIFEST};
    use oci_client::secrets::RegistryAuth as As;
    use oci_client::{Reference, RegistryOperation};

    use super::*;

    const CREDENTIALS: (&str, &str) = ("deployer", "dckr_pat_0");

    fn deployer() -> As {
        As::Basic(CREDENTIALS.0.to_owned(), CREDENTIALS.1.to_owned())
    }

    fn token(anonymous_pull: bool, push_only: bool) -> RegistryAuth {
        let (user, password) = (CREDENTIALS.0.to_owned(), CREDENTIALS.1.to_owned());
        RegistryAuth::Token { user, password, anonymous_pull, push_only }
    }

    fn client() -> Client {
        let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
        Client::try_from(config).unwrap()
    }

    fn reference(registry: &Registry, name: &str) -> Reference {
        format!("{}/org/app:{name}", registry.host()).parse().unwrap()
    }

    fn by_digest(registry: &Registry, digest: &str) -> Reference {
        format!("{}/org/app@{digest}", registry.host()).parse().unwrap()
    }

    fn digest(bytes: &[u8]) -> String {
        Digest::sha256_of(bytes).to_string()
    }

    /// An image manifest of one layer, spelled as no JSON library would spell it.
    fn manifest(layer: &[u8]) -> Vec<u8> {
        let config = b"{}";
        format!(
            "{{ \"schemaVersion\": 2,\n\t\"mediaType\": \"{MANIFEST}\",\n \"config\": {{\"mediaType\":\
             \"application/vnd.oci.image.config.v1+json\", \"size\":{}, \"digest\":\"{}\"}},\n \"layers\": [{{\
             \"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"size\":{},\"digest\":\"{}\"}}] }}\n\n",
            config.len(),
            digest(config),
            layer.len(),
            digest(layer)
        )
        .into_bytes()
    }

    /// Pushes an image under a tag and returns its manifest's bytes.
    async fn push(
        client: &Client,
        auth: &As,
        image: &Reference,
        layer: &[u8],
    ) -> Result<Vec<u8>, OciDistributionError> {
        client.auth(image, auth, RegistryOperation::Push).await?;
        for blob in [layer, b"{}"] {
            client.push_blob(image, blob.to_vec(), &digest(blob)).await?;
        }
        put(client, image, manifest(layer), MANIFEST).await
    }

    async fn put(
        client: &Client,
        image: &Reference,
        bytes: Vec<u8>,
        media_type: &'static str,
    ) -> Result<Vec<u8>, OciDistributionError> {
        client.push_manifest_raw(image, bytes.clone(), HeaderValue::from_static(media_type)).await?;
        Ok(bytes)
    }

    async fn pull(client: &Client, auth: &As, image: &Reference) -> Result<Vec<u8>, OciDistributionError> {
        let (bytes, given) = client.pull_manifest_raw(image, auth, &[INDEX, MANIFEST]).await?;
        assert_eq!(given, digest(&bytes), "the registry's digest is the one of the bytes");
        Ok(bytes.to_vec())
    }

    async fn content_type(registry: &Registry, name: &str) -> String {
        let url = format!("{}/v2/org/app/manifests/{name}", registry.endpoint());
        let response = reqwest::Client::new().head(url).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.headers()["content-type"].to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn an_index_is_kept_byte_for_byte_under_every_tag_and_over_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start(any_port(), directory.path()).unwrap();
        let (client, address) = (client(), registry.address());
        let layer = vec![7; 3 << 20];
        let image = push(&client, &As::Anonymous, &reference(&registry, "single"), &layer).await.unwrap();
        let index = format!(
            "{{\"schemaVersion\":2,   \"mediaType\":\"{INDEX}\",\n\"manifests\":[{{\"mediaType\":\"{MANIFEST}\",\
             \"digest\":\"{}\",\"size\":{}}}]}} ",
            digest(&image),
            image.len()
        )
        .into_bytes();
        let beta = reference(&registry, "0.1.0-abcdefg.beta");
        put(&client, &beta, index.clone(), INDEX).await.unwrap();
        let pulled = pull(&client, &As::Anonymous, &beta).await.unwrap();
        assert_eq!(pulled, index);
        for tag in ["0.1.0", "latest"] {
            put(&client, &reference(&registry, tag), pulled.clone(), INDEX).await.unwrap();
        }
        // A tag that moves: the release before, then back.
        put(&client, &reference(&registry, "latest"), image.clone(), MANIFEST).await.unwrap();
        assert_eq!(content_type(&registry, "latest").await, MANIFEST);
        put(&client, &reference(&registry, "latest"), index.clone(), INDEX).await.unwrap();
        registry.shutdown().await;

        let registry =
            Registry::start(address, directory.path()).expect("the port and the directory are free again");
        for tag in ["0.1.0-abcdefg.beta", "0.1.0", "latest"] {
            let tagged = reference(&registry, tag);
            assert_eq!(client.fetch_manifest_digest(&tagged, &As::Anonymous).await.unwrap(), digest(&index));
            assert_eq!(pull(&client, &As::Anonymous, &tagged).await.unwrap(), index);
            assert_eq!(content_type(&registry, tag).await, INDEX);
        }
        assert_eq!(content_type(&registry, &digest(&image)).await, MANIFEST);
        let child = by_digest(&registry, &digest(&image));
        assert_eq!(pull(&client, &As::Anonymous, &child).await.unwrap(), image);
        let mut held = Vec::new();
        client.pull_blob(&child, digest(&layer).as_str(), &mut held).await.unwrap();
        assert!(held == layer, "the layer is the one pushed");
        let tags = client.list_tags(&child, &As::Anonymous, None, None).await.unwrap().tags;
        assert_eq!(tags, ["0.1.0", "0.1.0-abcdefg.beta", "latest", "single"]);
        assert_eq!(registry.behaviour().manifest_gets(), 4, "HEAD does not count");
    }

    #[tokio::test]
    async fn an_absent_tag_and_an_image_without_its_layers_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start(any_port(), directory.path()).unwrap();
        let (client, image) = (client(), reference(&registry, "absent"));
        let error = pull(&client, &As::Anonymous, &image).await.unwrap_err();
        assert!(has_code(&error, &OciErrorCode::ManifestUnknown), "{error:?}");
        let error = put(&client, &image, manifest(b"never pushed"), MANIFEST).await.unwrap_err();
        assert!(matches!(error, OciDistributionError::ServerError { code: 404, .. }), "{error:?}");
    }

    #[tokio::test]
    async fn damaged_metadata_and_a_directory_in_use_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start(any_port(), directory.path()).unwrap();
        push(&client(), &As::Anonymous, &reference(&registry, "1"), b"layer").await.unwrap();
        let error = Registry::start(any_port(), directory.path()).err().unwrap();
        assert!(error.to_string().contains("another registry stand-in is running on it"), "{error}");
        registry.shutdown().await;
        let metadata: &Path = &directory.path().join("metadata.json");
        let good = std::fs::read(metadata).unwrap();
        std::fs::write(metadata, &good[..good.len() / 2]).unwrap();
        let error = Registry::start(any_port(), directory.path()).err().unwrap();
        assert!(error.to_string().contains("it is damaged"), "{error}");
        assert_eq!(std::fs::read(metadata).unwrap().len(), good.len() / 2, "and left as it is");
    }

    #[tokio::test]
    async fn basic_credentials_are_asked_for_and_checked() {
        let directory = tempfile::tempdir().unwrap();
        let auth = RegistryAuth::Basic { user: CREDENTIALS.0.to_owned(), password: CREDENTIALS.1.to_owned() };
        let registry = Registry::start_guarded(any_port(), directory.path(), auth).unwrap();
        let image = reference(&registry, "1");
        let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
        assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
        let wrong = As::Basic(CREDENTIALS.0.to_owned(), "guess".to_owned());
        for refused in [As::Anonymous, wrong] {
            let error = pull(&client(), &refused, &image).await.unwrap_err();
            assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
            push(&client(), &refused, &image, b"layer").await.unwrap_err();
        }
    }

    #[tokio::test]
    async fn a_token_is_good_for_what_its_caller_may_do_and_for_its_repository_only() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start_guarded(any_port(), directory.path(), token(true, false)).unwrap();
        let image = reference(&registry, "1");
        let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
        assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
        assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed, "anonymous pull");
        let error = push(&client(), &As::Anonymous, &image, b"layer").await.unwrap_err();
        assert!(matches!(error, OciDistributionError::ServerError { code: 401, .. }), "{error:?}");
        let wrong = As::Basic(CREDENTIALS.0.to_owned(), "guess".to_owned());
        let error = client().auth(&image, &wrong, RegistryOperation::Pull).await.unwrap_err();
        assert!(matches!(error, OciDistributionError::AuthenticationFailure(_)), "{error:?}");

        let here = client().auth(&image, &deployer(), RegistryOperation::Push).await.unwrap().unwrap();
        let elsewhere = format!("{}/v2/org/other/tags/list", registry.endpoint());
        let answer = reqwest::Client::new().get(elsewhere).bearer_auth(here).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        let expected = format!(
            "Bearer realm=\"{}/token\",service=\"registry.sandbox\",scope=\"repository:org/other:pull\",\
             error=\"insufficient_scope\"",
            registry.endpoint()
        );
        assert_eq!(challenge, expected);
    }

    #[tokio::test]
    async fn a_private_repository_gives_an_anonymous_token_that_pulls_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start_guarded(any_port(), directory.path(), token(false, false)).unwrap();
        let image = reference(&registry, "1");
        let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
        assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
        let error = pull(&client(), &As::Anonymous, &image).await.unwrap_err();
        assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_token_that_may_only_push_cannot_pull_what_anybody_can() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start_guarded(any_port(), directory.path(), token(true, true)).unwrap();
        let image = reference(&registry, "1");
        let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
        let error = pull(&client(), &deployer(), &image).await.unwrap_err();
        assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
        assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed);
    }

    #[tokio::test]
    async fn the_next_requests_are_limited_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start(any_port(), directory.path()).unwrap();
        let image = reference(&registry, "1");
        let pushed = push(&client(), &As::Anonymous, &image, b"layer").await.unwrap();
        assert_eq!(registry.behaviour().manifest_puts(), 1);
        registry.behaviour().limit_next(2, 30);
        let error = pull(&client(), &As::Anonymous, &image).await.unwrap_err();
        assert!(has_code(&error, &OciErrorCode::Toomanyrequests), "{error:?}");
        let url = format!("{}/v2/org/app/manifests/1", registry.endpoint());
        let answer = reqwest::Client::new().get(url).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["retry-after"]),
            (429, &HeaderValue::from(30))
        );
        assert_eq!(registry.behaviour().manifest_gets(), 0, "a refused request is not a pull");
        assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed);
        assert_eq!(registry.behaviour().manifest_gets(), 1);
    }

    #[tokio::test]
    async fn an_immutable_tag_stays_where_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let registry = Registry::start(any_port(), directory.path()).unwrap();
        let (client, image) = (client(), reference(&registry, "1.0.0"));
        let held = push(&client, &As::Anonymous, &image, b"first").await.unwrap();
        push(&client, &As::Anonymous, &reference(&registry, "other"), b"second").await.unwrap();

        registry.behaviour().set_tag_rule(TagRule::Immutable);
        let error = put(&client, &image, manifest(b"second"), MANIFEST).await.unwrap_err();
        let OciDistributionError::ServerError { code: 400, message, .. } = &error else {
            panic!("{error:?}")
        };
        assert!(message.contains("TAG_INVALID"), "{message}");
        put(&client, &image, held.clone(), MANIFEST).await.expect("the same bytes change nothing");
        put(&client, &reference(&registry, "new"), held.clone(), MANIFEST).await.expect("a new tag is free");

        registry.behaviour().set_tag_rule(TagRule::ImmutableToTheSame);
        put(&client, &image, held.clone(), MANIFEST).await.expect_err("not even the same bytes");
        assert_eq!(pull(&client, &As::Anonymous, &image).await.unwrap(), held);
        registry.behaviour().set_tag_rule(TagRule::Movable);
        put(&client, &image, manifest(b"second"), MANIFEST).await.expect("movable again");
        assert_eq!(pull(&client, &As::Anonymous, &image).await.unwrap(), manifest(b"second"));
    }

    fn has_code(error: &OciDistributionError, code: &OciErrorCode) -> bool {
        let OciDistributionError::RegistryError { envelope, .. } = error else { return false };
        envelope.errors.iter().any(|error| error.code == *code)
    }
}
