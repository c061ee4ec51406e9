//! The items of the table and everything else that DynamoDB answers, through the real SDK: changed by hand,
//! half there, or not JSON. What is written is read back the same; what does not fit is a fault.

use std::sync::LazyLock;

use fuzz_targets::{Answer, Connector, check_aws_fault, dynamodb};
use lockstep::adapters::dynamodb::DynamoDbStore;
use lockstep::faults::{Fault, FaultKind, Service};
use lockstep::ports::{Appended, Entry, ImageRecord, Store};
use serde_json::{Value, json};

use crate::{runtime, target};

static ENTRY: LazyLock<Entry> = LazyLock::new(|| Entry {
    id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
    seq: 4,
    at: "2026-11-23T10:00:00Z".parse().unwrap(),
    worker: "host/1".to_owned(),
    write_id: "ours".to_owned(),
    from: "locked/checking-source".to_owned(),
    to: "locked/awaiting-build".to_owned(),
    event: "build-dispatched".to_owned(),
    detail: "run 5".to_owned(),
    wake: 3,
    claim: None,
    terminal: false,
    snapshot: "{}".to_owned(),
});

#[test]
fn table_answers() {
    let runtime = runtime();
    let connector = Connector::new();
    let store = DynamoDbStore::new(dynamodb(&connector), "lockstep".to_owned());
    target!("table_answers", "table", |answer: &Answer| {
        runtime.block_on(every_call(&connector, &store, answer));
    });
}

async fn every_call(connector: &Connector, store: &DynamoDbStore, answer: &Answer) {
    let (application, environment) = ("sample".parse().unwrap(), "staging".parse().unwrap());
    let (commit, tag) =
        ("abcdef0123456789abcdef0123456789abcdef01".parse().unwrap(), "0.1.0-abcdef0.beta".parse().unwrap());
    connector.set(answer);
    if let Some(entry) = checked(store.newest(ENTRY.id).await).flatten() {
        reads_back(connector, store, &entry).await;
    }
    connector.set(answer);
    for entry in checked(store.history(ENTRY.id, 0).await).unwrap_or_default() {
        reads_back(connector, store, &entry).await;
    }
    connector.set(answer);
    if let Some(view) = checked(store.environment(&application, &environment).await)
        && answer.status.is_some_and(|status| status >= 300)
    {
        panic!("a refusal was taken for {view:?}");
    }
    checked(store.deployments(&application, &environment, 20).await);
    checked(store.image(&application, &commit).await);
    checked(store.version(&application, &"0.1.0".parse().unwrap()).await);
    checked(store.beta(&application, &tag).await);
    checked(store.releases(&application).await);
    match checked(store.append(&ENTRY).await) {
        // A refusal is never "written", unless it shows our own write.
        Some(Appended::Written) if answer.status.is_none_or(|status| status >= 300) => {
            assert!(answer.text().contains("ours"), "nothing says that it was written: {answer:?}");
        }
        Some(Appended::Lost(theirs)) => assert_ne!(theirs.write_id, ENTRY.write_id, "our own write was lost"),
        Some(Appended::Written) | None => {}
    }
    let image = ImageRecord {
        commit,
        digest: format!("sha256:{}", "b".repeat(64)).parse().unwrap(),
        deployment: ENTRY.id,
        at: ENTRY.at,
        build_url: "http://127.0.0.1/runs/5".to_owned(),
    };
    checked(store.record_image(&application, &image).await);
}

/// What was read is written and read again: the same, however odd it was.
async fn reads_back(connector: &Connector, store: &DynamoDbStore, entry: &Entry) {
    let answering =
        |body: Value| Answer { status: Some(200), headers: Vec::new(), body: body.to_string().into_bytes() };
    connector.set(&answering(json!({})));
    assert_eq!(store.append(entry).await.unwrap(), Appended::Written);
    let request: Value = serde_json::from_str(connector.requests().last().unwrap()).unwrap();
    connector.set(&answering(json!({ "Items": [request["Item"]], "Count": 1 })));
    assert_eq!(store.newest(entry.id).await.unwrap().as_ref(), Some(entry));
}

fn checked<T>(answer: Result<T, Fault>) -> Option<T> {
    answer
        .map_err(|fault| {
            check_aws_fault(&fault, Service::DynamoDb);
            let whole = !fault.message.ends_with('…');
            if whole && fault.message.starts_with("item ") && fault.kind == FaultKind::Unintelligible {
                assert!(fault.message.contains("attribute"), "{fault} does not name the attribute");
            }
        })
        .ok()
}
