//! `status`, `history` and `promote --list` on records as a worker leaves them.

use lockstep::ports::{BetaRecord, Closing, Store as _, Summary, VersionBinding};
use lockstep_state_machines::{Deployment, Kind, Plan, State};
use serde_json::{Value, json};

use super::records::{self, at, commit, digest, request};
use super::support::{Local, new_id, shop};

#[tokio::test]
async fn status_shows_the_holder_the_record_and_the_newest_deployments() {
    let local = Local::start().await;
    let (done, under_way) = (request(new_id()), request(new_id()));
    records::open(&local, &done).await;
    records::close(&local, &done, State::Healthy).await;
    records::open(&local, &under_way).await;

    let ran = local.run(&["status", "staging"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = &ran.stdout;
    assert!(text.starts_with("staging of shop (staging)\n  runs: 0.0.9-1234567.beta, "), "{text}");
    let holder = format!("  lock: {} by alice since 2026-11-23T09:30:01Z (", under_way.id);
    assert!(text.contains(&holder), "{text}");
    assert!(text.contains("\n    locked/checking-source since 2026-11-23T09:30:01Z, until "), "{text}");
    let rows: Vec<_> = text.lines().filter(|line| line.contains("the default branch")).collect();
    assert!(
        rows[0].contains(&under_way.id.to_string()) && rows[0].contains("under way"),
        "newest first: {text}"
    );
    assert!(rows[1].contains("healthy") && rows[1].ends_with(&done.id.to_string()), "{text}");
    assert!(!text.contains("because it is healthy") && !text.contains('\u{1b}'), "{text}");
    let coloured = local.run_with(&["status", "staging"], &[("CLICOLOR_FORCE", "1")]).await.stdout;
    assert!(coloured.contains("\u{1b}[32mhealthy"), "{coloured}");
    let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert_eq!(local.run_with(&["status", "staging"], &both).await.stdout.matches('\u{1b}').count(), 0);

    let all = local.run(&["status", "--json"]).await;
    let [status] = &all.json()[..] else { panic!("{}", all.stdout) };
    let environments = status["environments"].as_array().unwrap();
    let names: Vec<_> = environments.iter().map(|e| e["environment"].as_str().unwrap()).collect();
    assert_eq!(names, ["production", "staging"]);
    assert_eq!(environments[0]["under_way"], Value::Null);
    let staging = &environments[1];
    assert_eq!(staging["under_way"]["id"], json!(under_way.id));
    assert_eq!(staging["under_way"]["state"], "locked/checking-source");
    assert_eq!(staging["record"]["current"]["image_tag"], "0.0.9-1234567.beta");
    assert_eq!(staging["deployments"][1]["outcome"], "healthy");
}

#[tokio::test]
async fn history_shows_every_transition_in_order_and_the_verdict() {
    let local = Local::start().await;
    let deployment = request(new_id());
    let id = deployment.id.to_string();
    records::open(&local, &deployment).await;
    let ran = local.run(&["history", &id]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("under way: locked/checking-source since"), "{}", ran.stdout);

    records::close(&local, &deployment, State::RolledBack).await;
    let ran = local.run(&["history", &id]).await;
    assert_eq!(ran.code, 0, "a history was shown, whatever it tells");
    let text = &ran.stdout;
    assert!(
        text.starts_with(&format!("{id}: the default branch to staging of shop, asked for by alice")),
        "{text}"
    );
    let (first, second) = (text.find("step 1").unwrap(), text.find("step 2").unwrap());
    assert!(first < second, "{text}");
    assert!(text.contains("\nrolled-back: ECS gave the rollout up"), "{text}");
    assert!(text.contains("  2  2026-11-23T09:30:02Z  1 s    rolled-back "), "{text}");

    let ran = local.run(&["history", &id, "--mermaid"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("stateDiagram-v2\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n    s0 --> ended : 1 s\n"), "{}", ran.stdout);
    assert_eq!(local.run(&["history", &id, "--mermaid", "--json"]).await.code, 2);

    let ran = local.run(&["history", &id, "--json"]).await;
    let [history] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    let seqs: Vec<_> = history["transitions"].as_array().unwrap().iter().map(|t| t["seq"].clone()).collect();
    assert_eq!(seqs, [json!(1), json!(2)]);
    assert_eq!(history["request"], serde_json::to_value(&deployment).unwrap());
    assert_eq!(history["verdict"]["state"], "rolled-back");
    assert!(!ran.stdout.contains("write_id") && !ran.stdout.contains("claim"), "{}", ran.stdout);
}

/// Ends a deployment as one that showed this beta healthy.
async fn show_healthy(local: &Local, beta: BetaRecord) {
    let request = request(beta.deployment);
    records::open(local, &request).await;
    let token = local.store.environment(&request.application, &request.environment).await.unwrap().lock.token;
    let deployment =
        Deployment::new(request.clone(), Plan { kind: Kind::Staging, with_database: false }, token);
    let closing = Closing {
        application: request.application.clone(),
        environment: request.environment.clone(),
        token,
        entry: records::entry(2, "locked/checking-source", State::Healthy, &deployment),
        record: None,
        summary: Summary {
            id: request.id,
            target: "the default branch".to_owned(),
            actor: "alice".to_owned(),
            at: beta.at,
            outcome: Some("healthy".to_owned()),
            reason: None,
        },
        beta: Some(beta),
    };
    local.store.close(&closing).await.unwrap();
}

#[tokio::test]
async fn the_list_says_what_can_be_promoted_and_what_was_released() {
    let local = Local::start().await;
    let empty = local.run(&["promote", "--list"]).await;
    assert_eq!(empty.code, 0, "{}", empty.stderr);
    assert!(empty.stdout.contains("no beta was healthy"), "{}", empty.stdout);

    let beta = |tag: &str, fill: char, seconds| BetaRecord {
        tag: tag.parse().unwrap(),
        commit: commit(),
        digest: digest(fill),
        deployment: new_id(),
        without_baseline: None,
        at: at(seconds),
    };
    let (old, new) = (beta("0.1.0-abcdef0.beta", 'a', 10), beta("0.2.0-abcdef0.beta", 'b', 20));
    show_healthy(&local, old.clone()).await;
    show_healthy(&local, new).await;
    let binding = VersionBinding {
        version: "0.1.0".parse().unwrap(),
        commit: old.commit.clone(),
        digest: old.digest.clone(),
        beta: old.tag.clone(),
        deployment: new_id(),
        at: at(30),
    };
    local.store.bind_version(&shop(), &binding).await.unwrap();

    let ran = local.run(&["promote", "--list", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let [list] = &ran.json()[..] else { panic!("{}", ran.stdout) };
    let betas: Vec<_> =
        list["betas"].as_array().unwrap().iter().map(|b| b["tag"].as_str().unwrap()).collect();
    assert_eq!(betas, ["0.2.0-abcdef0.beta", "0.1.0-abcdef0.beta"], "newest first");
    assert_eq!(list["betas"][0]["note"], "can be promoted");
    assert_eq!(list["versions"][0]["version"], "0.1.0");
    assert_eq!(list["versions"][0]["beta"], "0.1.0-abcdef0.beta");
    assert_eq!(list["versions"][0]["commit"], json!(commit()));
    assert_eq!(list["record"]["current"], Value::Null);

    let text = local.run(&["promote", "--list"]).await.stdout;
    assert!(text.contains("promoted before, at 2026-11-23T09:30:30Z"), "{text}");
    local.nothing_was_sent().await;
}
