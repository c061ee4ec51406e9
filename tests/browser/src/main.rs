//! The program `stage`: serves the page, says where and what is on it in one line of JSON, and then makes one step of
//! production's deployment for each line that it reads. Ends when there is nothing more to read.

#![expect(clippy::print_stdout, reason = "whoever started it reads there where the page is")]

use browser::Stage;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut stage = Stage::start().await;
    let seeds = stage.seeds();
    let deployments = json!({
        "healthy": seeds.healthy, "rolledBack": seeds.rolled_back, "rejected": seeds.rejected,
        "failed": seeds.failed, "retrying": seeds.retrying, "underWay": seeds.under_way,
    });
    println!("{}", json!({ "url": stage.url(), "deployments": deployments }));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        println!("{}", json!({ "state": stage.advance().await }));
    }
    stage.stop();
    Ok(())
}
