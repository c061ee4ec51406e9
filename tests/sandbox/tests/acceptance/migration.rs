//! A migration that works on an empty database only: staging catches it, because it deploys what production
//! runs before the beta. Without that step it would have passed.

use sandbox::sample::Variant;
use serde_json::{Value, json};

use crate::stage::{Stage, Verdict, beta};

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_on_real_data_is_caught_only_because_the_release_comes_first() {
    let stage = Stage::set().await;
    let released = stage.sandbox.push("0.1.0", Variant::Good, "In production").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &released)).await.expect("healthy", 0);
    // So that going back to the release differs from going back to what staging ran before.
    stage.sandbox.push("0.2.0", Variant::Good, "In staging only").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.add_note("written before").await;
    let broken = stage.sandbox.push("0.3.0", Variant::BrokenMigration, "Owner of a setting").unwrap();

    let before = (stage.record("production").await, stage.tag("latest").await, stage.changes());
    let caught = stage.deploy().await;
    caught.expect("rolled-back", 5).says("the candidate: ").says("staging runs 0.1.0 again");
    assert_eq!(caught.json["operator_needed"], false);
    expect_failed_migration(&stage, &caught).await;
    expect_release_on_fresh_database(&stage, &caught, &released).await;

    // Production was not touched.
    assert_eq!((stage.record("production").await, stage.tag("latest").await), (before.0, before.1));
    let made = stage.changes().since(&before.2);
    assert!(!made.is_empty() && !made.iter().any(|call| call.contains("production")), "{made:#?}");
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "0.1.0");
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(released.as_str()));
    let promoted = ["promote", &beta("0.3.0", &broken)];
    stage.refuse(&promoted, "never-healthy", &["has never been healthy in staging"]).await;

    // The same commit, the same image, without the step that caught it.
    let builds = stage.builds();
    let skip = ["deploy", "staging", "--skip-baseline", "to show what it is for"];
    let passed = stage.wait(&skip).await;
    passed.expect("healthy", 0).says(&beta("0.3.0", &broken));
    assert_eq!(passed.text("digest"), caught.text("digest"));
    assert_eq!(stage.builds(), builds);
    let migrations = [["0001-settings", "0.3.0"], ["0002-owner", "0.3.0"], ["seed", "0.3.0"]];
    assert_eq!(applied(&stage).await, json!(migrations), "all of them on an empty database");

    // Who promotes it all the same is told what was left out; production then shows why it matters.
    let promoted = stage.promote(&beta("0.3.0", &broken)).await;
    promoted.expect("rolled-back", 5);
    let warnings = promoted.json["warnings"].to_string();
    assert!(warnings.contains("its migrations were not rehearsed"), "{warnings}");
}

/// The reason was kept: the candidate's tasks exited, and their own log says over which migration.
async fn expect_failed_migration(stage: &Stage, caught: &Verdict) {
    let failure = &caught.json["failure"];
    assert_eq!(
        (&failure["code"], &failure["during"]),
        (&json!("rollout"), &json!("deploying/rolling-out-candidate"))
    );
    let stopped = failure["evidence"]["stopped_tasks"].as_array().unwrap();
    assert!(!stopped.is_empty(), "{failure:#}");
    let url = format!("{}/_sim/tasks", stage.sandbox.ecs().endpoint());
    let tasks: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    for line in stopped.iter().map(|line| line.as_str().unwrap()) {
        assert!(line.contains("container app: exit code 1"), "{line}");
        let id = line.strip_prefix("task ").and_then(|rest| rest.split(':').next()).unwrap();
        let task = tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|task| task["taskArn"].as_str().is_some_and(|arn| arn.ends_with(id)));
        let log = task.unwrap()["containers"][0]["log"].as_str().unwrap();
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains("migration 0002-owner failed: Cannot add a NOT NULL column"), "{log}");
    }
}

/// Staging runs what production runs, ready, on a database that only it has migrated.
async fn expect_release_on_fresh_database(stage: &Stage, caught: &Verdict, released: &str) {
    let restored = &caught.json["restored"];
    let digest = stage.tag("0.1.0").await.unwrap();
    assert_eq!((restored["digest"].as_str(), &restored["unproven"]), (Some(digest.as_str()), &Value::Null));
    let info = stage.application("staging", "/api/v1/info").await.unwrap();
    assert_eq!(info["commit"].as_str(), Some(released));
    assert_eq!(stage.application("staging", "/api/v1/ready").await, Some(json!({ "status": "ready" })));
    assert_eq!(stage.notes().await, [""; 0]);
    assert_eq!(applied(stage).await, json!([["0001-settings", "0.1.0"], ["seed", "0.1.0"]]));
    let record = stage.record("staging").await;
    assert_eq!(record.current.unwrap().commit.unwrap().as_str(), released);
    let states = stage.states(caught.id()).await;
    let twice = ["deploying/awaiting-database", "rolling-back/awaiting-database"];
    assert!(twice.iter().all(|state| states.iter().any(|seen| seen == state)), "{states:?}");
}

/// What was applied to staging's database and by which version, asked of the database itself.
async fn applied(stage: &Stage) -> Value {
    let url = format!("{}/sql", stage.sandbox.ecs().front_url("staging", "database").unwrap());
    let sql = json!({ "sql": "SELECT id, version FROM applied_migrations ORDER BY id" });
    let answer = reqwest::Client::new().post(url).json(&sql).send().await.unwrap();
    let answer: Value = answer.error_for_status().unwrap().json().await.unwrap();
    answer["rows"].clone()
}
