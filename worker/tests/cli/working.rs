//! `worker`: starts, stops when told to, and says what it lacks.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::support::{Local, Ran};

const TOKEN: (&str, &str) = ("LOCKSTEP_GITHUB_CREDENTIAL", "not-a-real-token");

#[tokio::test]
async fn a_worker_stops_in_order_when_told_to() {
    for signal in ["-TERM", "-INT"] {
        let local = Local::start().await;
        let mut child = local.spawn(&["worker"], &[TOKEN, ("LOCKSTEP_LOG_FORMAT", "json")]);
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut messages = Vec::new();
        while let Some(line) = log.next_line().await.unwrap() {
            assert!(!line.contains(TOKEN.1), "{line}");
            let line: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
            let message = line["message"].as_str().unwrap().to_owned();
            if message == "ready" {
                let pid = child.id().unwrap().to_string();
                let mut kill = Command::new("kill");
                assert!(kill.args([signal, &pid]).stdin(Stdio::null()).status().await.unwrap().success());
            }
            messages.push(message);
        }
        assert_eq!(messages.last().map(String::as_str), Some("stopped"), "{messages:?}");
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
    }
}

#[tokio::test]
async fn a_worker_without_its_secret_names_the_variable() {
    let local = Local::start().await;
    let ran: Ran = local.run(&["worker"]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("LOCKSTEP_GITHUB_CREDENTIAL"), "{}", ran.stderr);
    let ran = local.run_with(&["worker"], &[("LOCKSTEP_LOG_FORMAT", "xml")]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("LOCKSTEP_LOG_FORMAT"), "{}", ran.stderr);
}
