//! `watch` and `--wait`: each end has its code, every line its place.

use lockstep::ports::Store as _;
use lockstep_events::DeployRequested;
use lockstep_state_machines::State;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::records::{self, IN_PROGRESS, ended, entry, request};
use super::support::{Local, Ran, new_id};

const ACTIONS: [(&str, &str); 2] = [("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "alice")];

/// A deployment that has reached this end.
async fn with_end(local: &Local, state: State) -> DeployRequested {
    let request = request(new_id());
    if state == State::Rejected {
        records::reject(local, &request).await;
    } else {
        records::open(local, &request).await;
        records::close(local, &request, state).await;
    }
    request
}

#[tokio::test]
async fn watch_ends_with_the_code_of_each_end() {
    let local = Local::start().await;
    for (state, code, words) in [
        (State::Healthy, 0, "healthy: 0.1.0-abcdef0.beta runs in staging and is ready"),
        (State::Rejected, 3, "rejected: Another staging deployment is already in progress."),
        (State::Failed, 4, "  operator: needed"),
        (State::RolledBack, 5, "  operator: not needed"),
        (State::Cancelled, 6, "cancelled: cancelled by bob; nothing had been deployed"),
    ] {
        let request = with_end(&local, state).await;
        let ran = local.run(&["watch", &request.id.to_string()]).await;
        assert_eq!(ran.code, code, "{state}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.lines().any(|line| line.starts_with(words)), "{state}: {}", ran.stdout);
        let command = ran.stdout.lines().any(|line| line.trim_start().starts_with("::"));
        assert!(!command, "no workflow commands outside GitHub Actions: {}", ran.stdout);
    }
}

#[tokio::test]
async fn a_failure_is_reported_with_what_was_seen() {
    let local = Local::start().await;
    let request = with_end(&local, State::RolledBack).await;
    let text = local.run(&["watch", &request.id.to_string()]).await.stdout;
    for part in [
        "2026-11-23T09:30:01Z  requested → locked/checking-source  step 1\n",
        "2026-11-23T09:30:02Z  locked/checking-source → rolled-back  step 2\n",
        "    service event: (service shop) tasks failed to start\n",
        "    stopped task t9: Essential container exited; container app: exit code 3\n",
        "    last readiness answer of http://127.0.0.1:1/ready: 503: starting ::error::not ours\n",
        "  restored: every running task runs sha256:9999",
        "    task task-1: sha256:9999",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[tokio::test]
async fn with_json_every_line_is_an_object_and_the_last_is_the_verdict() {
    let local = Local::start().await;
    let request = with_end(&local, State::Healthy).await;
    let ran = local.run_with(&["watch", &request.id.to_string(), "--json"], &ACTIONS).await;
    assert_eq!(ran.code, 0);
    let lines = ran.json();
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["transition", "transition", "verdict"]);
    assert_eq!(lines[0]["to"], "locked/checking-source");
    let verdict = &lines[2];
    assert_eq!((&verdict["state"], &verdict["exit_code"]), (&json!("healthy"), &json!(0)));
    assert_eq!(verdict["parity"]["tasks"][0]["digest"], json!(records::digest('a')));
    assert_eq!(verdict["operator_needed"], false);
    assert!(ran.stderr.contains("::warning::there is no release to migrate from\n"), "{}", ran.stderr);
}

#[tokio::test]
async fn under_github_actions_warnings_and_a_bad_verdict_are_annotations() {
    let local = Local::start().await;
    let request = with_end(&local, State::RolledBack).await;
    let ran = local.run_with(&["watch", &request.id.to_string()], &ACTIONS).await;
    assert_eq!(ran.code, 5);
    let commands: Vec<_> = ran.stdout.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert_eq!(commands[0], "::warning::there is no release to migrate from");
    assert!(commands[1].starts_with("::error::ECS gave the rollout up. staging runs 0.0.9"), "{commands:?}");
}

/// Reads what the binary prints until the request is on its way, then has it answered.
async fn deploy_and(local: &Local, arguments: &[&str], answer: impl AsyncFnOnce(DeployRequested)) -> Ran {
    let child = local.spawn(&[&["deploy", "--wait"], arguments].concat(), &ACTIONS);
    answer(local.next_request().await).await;
    child.wait_with_output().await.unwrap().into()
}

#[tokio::test]
async fn a_waiting_deploy_prints_the_customers_error_when_rejected() {
    let local = Local::start().await;
    let ran = deploy_and(&local, &[], async |request| records::reject(&local, &request).await).await;
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("\n::error::{IN_PROGRESS}\n")), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(&format!("\nrejected: {IN_PROGRESS}\n")), "{}", ran.stdout);
}

#[tokio::test]
async fn a_waiting_deploy_follows_its_record_from_the_first_item() {
    let local = Local::start().await;
    let ran = deploy_and(&local, &["--json"], async |request| {
        records::open(&local, &request).await;
        // A later look finds only what is new.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        let facts = ended(request.clone(), State::Healthy);
        local.store.append(&entry(2, "locked/checking-source", State::Inspecting, &facts)).await.unwrap();
        local.store.append(&entry(3, "locked/inspecting-environment", State::Healthy, &facts)).await.unwrap();
    })
    .await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines = ran.json();
    let seqs: Vec<_> = lines.iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seqs, [1, 2, 3], "each item once, in order");
    assert_eq!(lines.first().unwrap()["type"], "request");
    assert_eq!(lines.last().unwrap()["type"], "verdict");
}

#[tokio::test]
async fn a_record_of_another_request_under_our_id_is_an_error_of_its_own() {
    let local = Local::start().await;
    let id = new_id().to_string();
    let ran = deploy_and(&local, &["--id", &id], async |sent| {
        let other = DeployRequested { target: request(sent.id).target, requested_at: records::at(9), ..sent };
        records::open(&local, &other).await;
    })
    .await;
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("used before for another request (requested_at:"), "{}", ran.stderr);
}

#[tokio::test]
async fn waiting_ends_when_the_time_is_over() {
    let local = Local::start().await;
    let ran = local.run(&["deploy", "--wait", "--wait-timeout", "1", "--json"]).await;
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    let lines = ran.json();
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["exit_code"]), (&json!("no-verdict"), &json!(7)));
    assert_eq!(last["state"], json!(null), "nobody took it up");

    let request = request(new_id());
    records::open(&local, &request).await;
    let ran = local.run(&["watch", &request.id.to_string(), "--wait-timeout", "0"]).await;
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert!(ran.stdout.contains("no verdict on deployment"), "{}", ran.stdout);
    let standing = "locked/checking-source since 2026-11-23T09:30:01Z, until 2026-11-23T09:30:59Z";
    assert!(ran.stdout.contains(standing), "{}", ran.stdout);
}

#[tokio::test]
async fn the_id_is_there_before_the_wait_is_over() {
    let local = Local::start().await;
    let mut child = local.spawn(&["deploy", "--wait"], &[]);
    let mut line = [0; 36];
    child.stdout.as_mut().unwrap().read_exact(&mut line).await.unwrap();
    assert_eq!(std::str::from_utf8(&line).unwrap(), local.next_request().await.id.to_string());
    child.kill().await.unwrap();
}
