//! What a call becomes when the network or the server fails, seen through a whole adapter.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use lockstep::adapters::ecs::EcsCluster;
use lockstep::faults::{Fault, FaultKind};
use lockstep::ports::{Cluster, ServiceRef};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{PATIENT, config, listener, serve};

async fn fault_at(endpoint: &str, call_timeout: Duration) -> Fault {
    let cluster = EcsCluster::new(aws_sdk_ecs::Client::new(&config(endpoint, call_timeout)));
    let service = ServiceRef { cluster: "c".to_owned(), service: "s".to_owned() };
    cluster.service(&service).await.unwrap_err()
}

#[tokio::test]
async fn nobody_there_is_a_connection_fault() {
    let (listener, address) = listener().await;
    drop(listener);
    let fault = fault_at(&format!("http://{address}"), PATIENT).await;
    assert_eq!(fault.kind, FaultKind::Connection, "{fault}");
}

#[tokio::test]
async fn no_answer_in_time_is_a_timeout() {
    // Accepted by the kernel, never answered.
    let (_listener, address) = listener().await;
    let fault = fault_at(&format!("http://{address}"), Duration::from_millis(300)).await;
    assert_eq!(fault.kind, FaultKind::TimedOut, "{fault}");
    assert!(fault.may_have_happened());
}

#[tokio::test]
async fn half_an_answer_may_have_happened() {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        let half = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: 999\r\n\r\n{\"ser";
        stream.write_all(half.as_bytes()).await.unwrap();
    });
    let fault = fault_at(&format!("http://{address}"), PATIENT).await;
    assert_eq!(fault.kind, FaultKind::Connection, "{fault}");
    assert!(fault.may_have_happened());
}

#[tokio::test]
async fn a_page_of_a_proxy_is_judged_by_its_status() {
    for (status, expected) in [
        (StatusCode::BAD_GATEWAY, FaultKind::Unavailable),
        (StatusCode::TOO_MANY_REQUESTS, FaultKind::Throttled),
        (StatusCode::OK, FaultKind::Unintelligible),
    ] {
        let endpoint = serve(Router::new().route("/", post(move || async move { (status, "<html>") }))).await;
        let fault = fault_at(&endpoint, PATIENT).await;
        assert_eq!(fault.kind, expected, "{status}: {fault}");
    }
}
