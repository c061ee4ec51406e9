//! `init`, `deploy` and `promote`: what is made, printed and sent.

use lockstep_events::{DeploymentId, Target};
use serde_json::json;

use super::records;
use super::support::{Local, environment, new_id};

#[tokio::test]
async fn init_makes_table_and_queues_and_again_changes_nothing() {
    let local = Local::bare().await;
    let before = local.run(&["status"]).await;
    assert_eq!(before.code, 1, "{}", before.stdout);
    assert!(before.stderr.contains("lockstep init"), "{}", before.stderr);
    for _ in 0..2 {
        let ran = local.run(&["init", "--json"]).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let [made] = &ran.json()[..] else { panic!("{}", ran.stdout) };
        assert_eq!((&made["type"], &made["table"]), (&json!("initialised"), &json!("lockstep")));
    }
    assert_eq!(local.run(&["status"]).await.code, 0);
}

#[tokio::test]
async fn deploy_prints_the_id_first_and_sends_the_request() {
    let local = Local::start().await;
    let ran = local.run(&["deploy", "--ref", "release/1", "--skip-baseline", "no data yet"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let id: DeploymentId = ran.stdout.lines().next().unwrap().parse().unwrap();
    let sent = local.next_request().await;
    assert_eq!(sent.id, id);
    assert_eq!((sent.application.as_str(), &sent.environment), ("shop", &environment("staging")));
    assert_eq!(sent.target, Target::Commit { reference: Some("release/1".parse().unwrap()) });
    assert_eq!(sent.requester.actor, "alice");
    assert_eq!(sent.overrides.skip_baseline.unwrap().as_str(), "no data yet");
    assert_eq!(sent.overrides.allow_unvalidated, None);
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn promote_sends_the_beta_in_the_name_of_the_workflow_run() {
    let local = Local::start().await;
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "carol"),
        ("GITHUB_RUN_ID", "42"),
        ("GITHUB_RUN_ATTEMPT", "3"),
    ];
    let ran = local.run_with(&["promote", "0.1.0-abcdef0.beta", "--json"], &variables).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let [printed] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    let sent = local.next_request().await;
    assert_eq!(printed["type"], "request");
    assert_eq!(printed["id"], json!(sent.id));
    assert_eq!(printed["request"], serde_json::to_value(&sent).unwrap());
    assert_eq!(sent.environment, environment("production"));
    assert_eq!(sent.target, Target::Beta { tag: "0.1.0-abcdef0.beta".parse().unwrap() });
    assert_eq!(sent.requester.actor, "carol");
    assert_eq!((sent.requester.workflow_run_id, sent.requester.workflow_run_attempt), (Some(42), Some(3)));
}

#[tokio::test]
async fn the_same_command_with_the_same_id_is_the_same_request() {
    let local = Local::start().await;
    let id = new_id().to_string();
    for _ in 0..2 {
        assert_eq!(local.run(&["deploy", "--id", &id]).await.code, 0);
    }
    let (first, second) = (local.next_request().await, local.next_request().await);
    assert_eq!(first, second);
    assert_eq!(first.id.to_string(), id);
    // Nor is it another one once it has a record.
    records::open(&local, &first).await;
    let ran = local.run(&["deploy", "--id", &id]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(local.next_request().await, first);
}

#[tokio::test]
async fn the_same_id_for_another_request_is_refused_before_it_is_sent() {
    let local = Local::start().await;
    let id = new_id();
    records::open(&local, &records::request(id)).await;
    let ran = local.run(&["deploy", "--id", &id.to_string(), "--ref", "other"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("used before for another request"), "{}", ran.stderr);
    assert!(ran.stderr.contains(r#""ref":"other"} asked for"#), "{}", ran.stderr);
    local.nothing_was_sent().await;
}

#[tokio::test]
async fn what_cannot_be_sent_has_its_id_printed_and_can_be_sent_again() {
    let local = Local::start().await;
    let nobody = [("LOCKSTEP__AWS__SQS_ENDPOINT", "http://127.0.0.1:1")];
    let ran = local.run_with(&["deploy", "--json"], &nobody).await;
    assert_eq!(ran.code, 1);
    let id = ran.json()[0]["id"].as_str().unwrap().to_owned();
    assert!(ran.stderr.contains(&format!("--id {id}")), "{}", ran.stderr);
    local.has_no_record(id.parse().unwrap()).await;
    assert_eq!(local.run(&["deploy", "--id", &id]).await.code, 0);
    assert_eq!(local.next_request().await.id.to_string(), id);
}
