//! `worker`: starts, stops when told to, and says what it lacks.

use std::process::Stdio;

use lockstep::ports::Queue as _;

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

/// What an address says, by its status.
async fn asked(address: &str, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_worker_tells_machines_whether_it_lives_and_what_it_did() {
    let local = Local::start().await;
    let listen = ("LOCKSTEP__WORKER__LISTEN", "127.0.0.1:0");
    let mut child = local.spawn(&["worker"], &[TOKEN, ("LOCKSTEP_LOG_FORMAT", "json"), listen]);
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut address = String::new();
    while let Some(line) = log.next_line().await.unwrap() {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        if let Some(found) = line["address"].as_str() {
            found.clone_into(&mut address);
        }
        if line["message"] == "ready" {
            break;
        }
    }
    assert_eq!(asked(&address, "/healthz").await, (200, "alive\n".to_owned()));
    // It waits for its first message: the queue has not answered anything yet.
    assert_eq!(asked(&address, "/readyz").await, (503, "the queue has not answered yet\n".to_owned()));
    // A request of which the worker can make nothing, and so parks.
    local.queue.send("no message", std::time::Duration::ZERO).await.unwrap();
    let parked = async {
        loop {
            let (status, text) = asked(&address, "/metrics").await;
            assert_eq!(status, 200);
            if text.contains("lockstep_messages_total{done=\"deleted\"} 1") {
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let text = tokio::time::timeout(std::time::Duration::from_secs(60), parked).await.unwrap();
    assert!(text.contains("lockstep_messages_total{done=\"parked\"} 1"), "{text}");
    assert!(
        text.contains("lockstep_worker_info{version=\"0.1.0\"} 1") && text.ends_with("# EOF\n"),
        "{text}"
    );
    assert_eq!(asked(&address, "/readyz").await, (200, "ready\n".to_owned()));
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_worker_that_cannot_listen_says_where() {
    let local = Local::start().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let held = tokio::net::TcpListener::bind(taken).await.unwrap();
    let address = taken.to_string();
    let ran = local.run_with(&["worker"], &[TOKEN, ("LOCKSTEP__WORKER__LISTEN", &address)]).await;
    drop(held);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("worker.listen: cannot listen on {address}")), "{}", ran.stderr);
}
