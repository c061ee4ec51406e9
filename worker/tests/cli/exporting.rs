//! `export`: everything that the lists have, in order, once; and a file only when it is whole.

use std::collections::BTreeMap;

use lockstep_events::{Requester, Target};
use lockstep_state_machines::State;
use serde_json::json;

use super::records::{self, request};
use super::support::{Local, new_id};

/// One healthy, one rejected while it was under way, one rolled back, one under way.
async fn four(local: &Local) -> Vec<String> {
    let mut healthy = request(new_id());
    healthy.requester =
        Requester { workflow_run_id: Some(42), workflow_run_attempt: Some(1), ..healthy.requester };
    records::open(local, &healthy).await;
    let rejected = request(new_id());
    records::reject(local, &rejected).await;
    records::close(local, &healthy, State::Healthy).await;
    let rolled_back = request(new_id());
    records::open(local, &rolled_back).await;
    records::close(local, &rolled_back, State::RolledBack).await;
    let mut under_way = request(new_id());
    under_way.target = Target::Commit { reference: Some("main".parse().unwrap()) };
    records::open(local, &under_way).await;
    [healthy, rejected, rolled_back, under_way].map(|request| request.id.to_string()).to_vec()
}

#[tokio::test]
async fn every_deployment_is_a_line_with_its_history_after_it_oldest_first() {
    let local = Local::start().await;
    let ids = four(&local).await;
    let ran = local.run(&["export"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("4 deployments exported"), "{}", ran.stderr);
    let lines = ran.json();
    let kinds: Vec<_> =
        lines.iter().map(|line| (line["type"].as_str().unwrap(), line["id"].as_str().unwrap())).collect();
    let [a, b, c, d] = [&ids[0], &ids[1], &ids[2], &ids[3]].map(String::as_str);
    let expected = [
        ("deployment", a),
        ("transition", a),
        ("transition", a),
        ("deployment", b),
        ("transition", b),
        ("deployment", c),
        ("transition", c),
        ("transition", c),
        ("deployment", d),
        ("transition", d),
    ];
    assert_eq!(kinds, expected);
    let healthy = &lines[0];
    assert_eq!((&healthy["outcome"], &healthy["workflow_run"]), (&json!("healthy"), &json!(42)), "{healthy}");
    assert_eq!(
        (&healthy["version"], &healthy["seconds"], &healthy["items"]),
        (&json!("0.1.0"), &json!(1), &json!(2))
    );
    assert_eq!(lines[3]["code"], "lock-held");
    assert_eq!(lines[5]["code"], "rollout");
    assert_eq!((&lines[8]["outcome"], &lines[8]["ended_at"]), (&json!(null), &json!(null)));
    assert!(!ran.stdout.contains("write_id") && !ran.stdout.contains("claim"), "{}", ran.stdout);
}

#[tokio::test]
async fn as_csv_it_is_a_row_each_and_no_text_becomes_a_formula() {
    let local = Local::start().await;
    let ids = four(&local).await;
    let mut formula = request(new_id());
    formula.requester.actor = "=HYPERLINK(\"http://x\", \"a,b\")".to_owned();
    records::reject(&local, &formula).await;
    let file = std::env::temp_dir().join(format!("lockstep-export-{}.csv", new_id()));
    let path = file.to_str().unwrap();
    let ran = local.run(&["export", "staging", "--format", "csv", "--output", path]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(!std::path::Path::new(&format!("{path}.partial")).exists(), "it was renamed");
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().collect::<Result<_, _>>().unwrap();
    std::fs::remove_file(&file).unwrap();
    let found: Vec<_> = rows.iter().map(|row| row["id"].clone()).collect();
    assert_eq!(found[..4], ids[..]);
    assert_eq!(
        (rows[0]["outcome"].as_str(), rows[0]["commit"].len(), rows[3]["outcome"].as_str()),
        ("healthy", 40, "")
    );
    assert_eq!(rows[4]["actor"], "'=HYPERLINK(\"http://x\", \"a,b\")");
}

#[tokio::test]
async fn what_cannot_be_written_or_does_not_exist_is_refused() {
    let local = Local::start().await;
    let ran = local.run(&["export", "--output", "/nonexistent/history.jsonl"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("/nonexistent/history.jsonl.partial cannot be written"), "{}", ran.stderr);
    let ran = local.run(&["export", "nowhere"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there is no environment nowhere"), "{}", ran.stderr);
    let empty = local.run(&["export", "production"]).await;
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""), "{}", empty.stderr);
}
