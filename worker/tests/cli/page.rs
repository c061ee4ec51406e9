//! `dashboard`: says where it is, shows the table there, and stops when told to, whoever still listens.

use std::process::Stdio;

use lockstep_state_machines::State;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::records::{self, request};
use super::support::{Local, new_id};

#[tokio::test]
async fn the_page_is_where_it_says_and_stops_in_order_with_somebody_listening() {
    let local = Local::start().await;
    let deployment = request(new_id());
    records::open(&local, &deployment).await;
    records::close(&local, &deployment, State::RolledBack).await;
    for signal in ["-TERM", "-INT"] {
        let mut child = local.spawn(&["dashboard", "--listen", "127.0.0.1:0", "--json"], &[]);
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["type"], "dashboard");
        let url = said["url"].as_str().unwrap();

        let page = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(page.contains(&format!("/deployments/{}", deployment.id)), "{page}");
        assert!(page.contains("nothing under way"), "{page}");
        let page = reqwest::get(format!("{url}deployments/{}", deployment.id)).await.unwrap();
        assert!(page.text().await.unwrap().contains("ECS gave the rollout up"));

        let mut news = reqwest::get(format!("{url}live")).await.unwrap();
        assert!(news.chunk().await.unwrap().is_some(), "somebody listens");
        let pid = child.id().unwrap().to_string();
        assert!(
            Command::new("kill").args([signal, &pid]).stdin(Stdio::null()).status().await.unwrap().success()
        );
        assert_eq!(child.wait().await.unwrap().code(), Some(0));
        assert!(news.chunk().await.unwrap().is_none(), "the news have an end");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_listened_on_is_named() {
    let local = Local::start().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let _held = tokio::net::TcpListener::bind(taken).await.unwrap();
    let ran = local.run(&["dashboard", "--listen", &taken.to_string()]).await;
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("cannot listen on {taken}")), "{}", ran.stderr);
}
