//! The table adapter against dynoxide's DynamoDB: every outcome of every call.

use std::future::pending;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use lockstep::adapters::dynamodb::{DynamoDbStore, create_table};
use lockstep::faults::{Fault, FaultKind};
use lockstep::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentRecord, HealthyRelease, ImageRecord, Lock,
    Opened, Opening, Rejected, Store, Summary, VersionBinding,
};
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};

use super::support::{PATIENT, config, listener};

const TABLE: &str = "lockstep";

async fn client() -> Client {
    let (listener, address) = listener().await;
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, pending()));
    Client::new(&config(&format!("http://{address}"), PATIENT))
}

async fn store() -> (DynamoDbStore, Client) {
    let client = client().await;
    create_table(&client, TABLE).await.unwrap();
    (DynamoDbStore::new(client.clone(), TABLE.to_owned()), client)
}

fn shop() -> ApplicationName {
    "shop".parse().unwrap()
}

fn staging() -> EnvironmentName {
    "staging".parse().unwrap()
}

fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

fn entry(id: DeploymentId, seq: u64) -> Entry {
    Entry {
        id,
        seq,
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        worker: "host-1/4711".to_owned(),
        write_id: uuid::Uuid::now_v7().to_string(),
        from: "requested".to_owned(),
        to: "locked".to_owned(),
        event: "lock-taken".to_owned(),
        detail: "first".to_owned(),
        wake: seq,
        claim: None,
        terminal: false,
        snapshot: r#"{"version":1}"#.to_owned(),
    }
}

fn summary(id: DeploymentId, outcome: Option<&str>) -> Summary {
    Summary {
        id,
        target: "the default branch".to_owned(),
        actor: "alice".to_owned(),
        at: "2026-11-23T09:30:00Z".parse().unwrap(),
        outcome: outcome.map(str::to_owned),
        reason: None,
    }
}

fn opening(id: DeploymentId, observed_token: u64) -> Opening {
    Opening {
        application: shop(),
        environment: staging(),
        observed_token,
        entry: entry(id, 1),
        summary: summary(id, None),
    }
}

fn rejected(id: DeploymentId, because_of: Option<DeploymentId>) -> Rejected {
    Rejected {
        application: shop(),
        environment: staging(),
        because_of,
        entry: Entry { to: "rejected".to_owned(), terminal: true, ..entry(id, 1) },
        summary: summary(id, Some("rejected")),
    }
}

fn closing(id: DeploymentId, seq: u64, token: u64) -> Closing {
    Closing {
        application: shop(),
        environment: staging(),
        token,
        entry: Entry { to: "healthy".to_owned(), terminal: true, ..entry(id, seq) },
        record: None,
        beta: None,
        summary: summary(id, Some("healthy")),
    }
}

fn beta(id: DeploymentId, digest: char, at: &str) -> BetaRecord {
    BetaRecord {
        tag: "1.2.3-aaaaaaa.beta".parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        deployment: id,
        at: at.parse().unwrap(),
    }
}

async fn lock(store: &DynamoDbStore) -> Lock {
    store.environment(&shop(), &staging()).await.unwrap().lock
}

/// Repeats what met another writer at the same moment, as the engine does.
async fn settled<T, F: Future<Output = Answer<T>>>(call: impl Fn() -> F) -> Result<T, Fault> {
    loop {
        match call().await {
            Err(fault) if fault.kind == FaultKind::Contended => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answer => return answer,
        }
    }
}

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
async fn an_item_is_written_once_and_a_repeat_of_our_own_is_recognised() {
    let (store, _) = store().await;
    let ours = entry(new_id(), 2);
    assert_eq!(store.append(&ours).await.unwrap(), Appended::Written);
    assert_eq!(store.append(&ours).await.unwrap(), Appended::Written);
    let theirs = Entry { write_id: "theirs".to_owned(), ..ours.clone() };
    assert_eq!(store.append(&theirs).await.unwrap(), Appended::Lost(Box::new(ours.clone())));
    assert_eq!(store.newest(ours.id).await.unwrap(), Some(ours));
    assert_eq!(store.newest(new_id()).await.unwrap(), None);
}

#[tokio::test]
async fn opening_takes_the_lock_and_writes_the_record() {
    let (store, _) = store().await;
    assert_eq!(lock(&store).await, Lock { holder: None, token: 0, since: None, actor: None });
    let opening = opening(new_id(), 0);
    assert_eq!(store.open(&opening).await.unwrap(), Opened::Written);
    let held = Lock {
        holder: Some(opening.entry.id),
        token: 1,
        since: Some(opening.entry.at),
        actor: Some("alice".to_owned()),
    };
    assert_eq!(lock(&store).await, held);
    assert_eq!(store.newest(opening.entry.id).await.unwrap(), Some(opening.entry.clone()));
    let listed = store.deployments(&shop(), &staging(), 10).await.unwrap();
    assert_eq!(listed, [opening.summary]);
}

#[tokio::test]
async fn opening_again_is_recognised_by_the_write_and_by_the_record() {
    let (store, _) = store().await;
    let first = opening(new_id(), 0);
    assert_eq!(store.open(&first).await.unwrap(), Opened::Written);
    assert_eq!(store.open(&first).await.unwrap(), Opened::Written, "the same write");
    // Not the same request to DynamoDB any more, so its own token does not answer for us.
    let mut reread = first.clone();
    reread.observed_token = 1;
    assert_eq!(store.open(&reread).await.unwrap(), Opened::Written, "the same write after a look");
    let mut redelivered = first.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(first.entry));
    assert_eq!(store.open(&redelivered).await.unwrap(), recorded, "another worker, the same request");
}

#[tokio::test]
async fn a_held_lock_and_a_moved_one_are_told_apart() {
    let (store, _) = store().await;
    let holder = opening(new_id(), 0);
    store.open(&holder).await.unwrap();
    let second = opening(new_id(), 0);
    let Opened::Held(found) = store.open(&second).await.unwrap() else { panic!("held") };
    assert_eq!((found.holder, found.token), (Some(holder.entry.id), 1));
    assert_eq!(found.since, Some(holder.entry.at));
    assert_eq!(store.newest(second.entry.id).await.unwrap(), None, "nothing was written");

    store.close(&closing(holder.entry.id, 2, 1)).await.unwrap();
    assert_eq!(store.open(&second).await.unwrap(), Opened::LockMoved, "free again, with another token");
    let second = Opening { observed_token: 1, ..second };
    assert_eq!(store.open(&second).await.unwrap(), Opened::Written);
    assert_eq!(lock(&store).await.token, 2);
}

#[tokio::test]
async fn a_recorded_deployment_is_not_rejected_by_the_next_holder() {
    let (store, _) = store().await;
    let first = opening(new_id(), 0);
    store.open(&first).await.unwrap();
    store.close(&closing(first.entry.id, 2, 1)).await.unwrap();
    store.open(&opening(new_id(), 1)).await.unwrap();
    let mut redelivered = first.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(first.entry));
    assert_eq!(store.open(&redelivered).await.unwrap(), recorded);
}

#[tokio::test]
async fn of_twenty_at_once_one_gets_the_lock() {
    let (store, _) = store().await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = store.clone();
        racers.spawn(async move {
            let opening = opening(new_id(), 0);
            let opened = settled(|| store.open(&opening)).await.unwrap();
            (opening.entry.id, opened)
        });
    }
    let outcomes = racers.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter(|(_, opened)| *opened == Opened::Written).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let winner = winners[0].0;
    for (id, opened) in &outcomes {
        if *id != winner {
            let Opened::Held(lock) = opened else { panic!("{opened:?}") };
            assert_eq!(lock.holder, Some(winner));
            assert_eq!(store.newest(*id).await.unwrap(), None);
        }
    }
    assert_eq!(lock(&store).await.token, 1);
}

#[tokio::test]
async fn a_rejection_stands_only_while_its_reason_does() {
    let (store, _) = store().await;
    let holder = opening(new_id(), 0);
    store.open(&holder).await.unwrap();
    let refused = rejected(new_id(), Some(holder.entry.id));
    assert_eq!(store.reject(&refused).await.unwrap(), Opened::Written);
    assert_eq!(store.reject(&refused).await.unwrap(), Opened::Written, "the same write");
    let mut redelivered = refused.clone();
    redelivered.entry.write_id = "another".to_owned();
    let recorded = Opened::AlreadyRecorded(Box::new(refused.entry.clone()));
    assert_eq!(store.reject(&redelivered).await.unwrap(), recorded);
    let listed = store.deployments(&shop(), &staging(), 1).await.unwrap();
    assert_eq!(listed, [refused.summary], "the newest");

    let other_holder = rejected(new_id(), Some(new_id()));
    assert_eq!(store.reject(&other_holder).await.unwrap(), Opened::LockMoved);
    store.close(&closing(holder.entry.id, 2, 1)).await.unwrap();
    let too_late = rejected(new_id(), Some(holder.entry.id));
    assert_eq!(store.reject(&too_late).await.unwrap(), Opened::LockMoved);
    assert_eq!(store.newest(too_late.entry.id).await.unwrap(), None);
    assert_eq!(
        store.reject(&rejected(new_id(), None)).await.unwrap(),
        Opened::Written,
        "not the lock's fault"
    );
}

#[tokio::test]
async fn closing_writes_everything_and_lets_go() {
    let (store, _) = store().await;
    let id = new_id();
    store.open(&opening(id, 0)).await.unwrap();
    let healthy = HealthyRelease {
        deployment: id,
        version: "1.2.3".parse().unwrap(),
        image_tag: "1.2.3-aaaaaaa.beta".to_owned(),
        commit: None,
        digest: beta(id, 'b', "2026-11-23T10:00:00Z").digest,
        task_definition: "arn:aws:ecs:eu-west-1:1:task-definition/shop:7".to_owned(),
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
    };
    let record = EnvironmentRecord {
        current: Some(healthy.clone()),
        last_healthy: Some(healthy),
        dirty: None,
        desired: Some(2),
    };
    let closing = Closing {
        record: Some(record.clone()),
        beta: Some(beta(id, 'b', "2026-11-23T10:00:00Z")),
        ..closing(id, 2, 1)
    };
    assert_eq!(store.close(&closing).await.unwrap(), Appended::Written);
    assert_eq!(store.close(&closing).await.unwrap(), Appended::Written, "the same write");
    let view = store.environment(&shop(), &staging()).await.unwrap();
    assert_eq!(view.lock, Lock { holder: None, token: 1, since: None, actor: None });
    assert_eq!(view.record, record);
    assert_eq!(store.beta(&shop(), &closing.beta.as_ref().unwrap().tag).await.unwrap(), closing.beta);
    assert_eq!(store.deployments(&shop(), &staging(), 10).await.unwrap(), [closing.summary]);
    let history = store.history(id, 0).await.unwrap();
    assert_eq!(history.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.history(id, 1).await.unwrap(), [closing.entry]);
}

#[tokio::test]
async fn closing_without_a_new_record_keeps_the_old_one() {
    let (store, _) = store().await;
    let (first, second) = (new_id(), new_id());
    let record = EnvironmentRecord { dirty: Some("why".to_owned()), ..EnvironmentRecord::default() };
    store.open(&opening(first, 0)).await.unwrap();
    store.close(&Closing { record: Some(record.clone()), ..closing(first, 2, 1) }).await.unwrap();
    store.open(&opening(second, 1)).await.unwrap();
    store.close(&closing(second, 2, 2)).await.unwrap();
    assert_eq!(store.environment(&shop(), &staging()).await.unwrap().record, record);
}

#[tokio::test]
async fn who_lost_lock_or_item_cannot_close() {
    let (store, _) = store().await;
    let id = new_id();
    let first = opening(id, 0);
    store.open(&first).await.unwrap();
    let stale = store.close(&closing(id, 2, 7)).await.unwrap();
    assert_eq!(stale, Appended::Lost(Box::new(first.entry)), "another token: the newest item");
    let foreign = entry(id, 2);
    store.append(&foreign).await.unwrap();
    let lost = store.close(&closing(id, 2, 1)).await.unwrap();
    assert_eq!(lost, Appended::Lost(Box::new(foreign)), "another item 2");
    assert_eq!(lock(&store).await.holder, Some(id), "nothing was written");
    let nobody = store.close(&closing(new_id(), 2, 1)).await.unwrap_err();
    assert_eq!(nobody.kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_beta_is_refreshed_as_the_same_and_refused_as_another() {
    let (store, _) = store().await;
    let (first, second, third) = (new_id(), new_id(), new_id());
    let at_first = beta(first, 'b', "2026-11-23T10:00:00Z");
    store.open(&opening(first, 0)).await.unwrap();
    store.close(&Closing { beta: Some(at_first.clone()), ..closing(first, 2, 1) }).await.unwrap();

    store.open(&opening(second, 1)).await.unwrap();
    let again = beta(second, 'b', "2026-11-24T10:00:00Z");
    let refreshed = store.close(&Closing { beta: Some(again.clone()), ..closing(second, 2, 2) }).await;
    assert_eq!(refreshed.unwrap(), Appended::Written);
    assert_eq!(store.beta(&shop(), &again.tag).await.unwrap(), Some(again.clone()));

    store.open(&opening(third, 2)).await.unwrap();
    let other = beta(third, 'c', "2026-11-25T10:00:00Z");
    let fault = store.close(&Closing { beta: Some(other), ..closing(third, 2, 3) }).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("1.2.3-aaaaaaa.beta"), "{fault}");
    assert_eq!(store.beta(&shop(), &again.tag).await.unwrap(), Some(again));
    assert_eq!(lock(&store).await.holder, Some(third), "nothing was written");
}

#[tokio::test]
async fn a_history_longer_than_a_page_comes_whole_and_in_order() {
    let (store, _) = store().await;
    let id = new_id();
    // 1.5 MB; DynamoDB's page ends at 1 MB.
    for seq in 1..=25 {
        let entry = Entry { snapshot: "x".repeat(60_000), ..entry(id, seq) };
        assert_eq!(store.append(&entry).await.unwrap(), Appended::Written);
    }
    let sequence = |history: Vec<Entry>| history.iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(sequence(store.history(id, 0).await.unwrap()), (1..=25).collect::<Vec<_>>());
    assert_eq!(sequence(store.history(id, 9).await.unwrap()), (10..=25).collect::<Vec<_>>());
    assert_eq!(store.history(id, 25).await.unwrap(), []);
    assert_eq!(store.newest(id).await.unwrap().unwrap().seq, 25);
}

#[tokio::test]
async fn the_list_is_newest_first_and_ends_at_its_limit() {
    let (store, _) = store().await;
    let ids: Vec<_> = (0..5).map(|_| new_id()).collect();
    for id in &ids {
        store.reject(&rejected(*id, None)).await.unwrap();
    }
    let listed = store.deployments(&shop(), &staging(), 3).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|summary| summary.id).collect();
    assert_eq!(listed, [ids[4], ids[3], ids[2]]);
    assert_eq!(store.deployments(&shop(), &staging(), 100).await.unwrap().len(), 5);
    assert_eq!(store.deployments(&shop(), &staging(), 0).await.unwrap(), []);
    let production = "production".parse().unwrap();
    assert_eq!(store.deployments(&shop(), &production, 10).await.unwrap(), []);
}

#[tokio::test]
async fn the_first_image_of_a_commit_stands() {
    let (store, _) = store().await;
    let image = |digest: char| ImageRecord {
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        deployment: new_id(),
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
        build_url: "https://example.org/runs/1".to_owned(),
    };
    let (first, second) = (image('1'), image('2'));
    assert_eq!(store.image(&shop(), &first.commit).await.unwrap(), None);
    assert_eq!(store.record_image(&shop(), &first).await.unwrap(), first);
    assert_eq!(store.record_image(&shop(), &second).await.unwrap(), first);
    assert_eq!(store.image(&shop(), &first.commit).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_version_is_bound_once_and_all_are_listed_by_time() {
    let (store, _) = store().await;
    let binding = |version: &str, at: &str, digest: char| VersionBinding {
        version: version.parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        beta: format!("{version}-aaaaaaa.beta").parse().unwrap(),
        deployment: new_id(),
        at: at.parse().unwrap(),
    };
    // The text of 0.10.0 sorts before that of 0.9.0; its time does not.
    let old = binding("0.9.0", "2026-11-22T10:00:00Z", '1');
    let new = binding("0.10.0", "2026-11-23T10:00:00Z", '2');
    assert_eq!(store.version(&shop(), &new.version).await.unwrap(), None);
    for binding in [&new, &old] {
        assert_eq!(&store.bind_version(&shop(), binding).await.unwrap(), binding);
    }
    let other = binding("0.9.0", "2026-11-24T10:00:00Z", '3');
    assert_eq!(store.bind_version(&shop(), &other).await.unwrap(), old);
    assert_eq!(store.version(&shop(), &old.version).await.unwrap(), Some(old.clone()));
    assert_eq!(store.releases(&shop()).await.unwrap(), (vec![], vec![new, old]));
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
