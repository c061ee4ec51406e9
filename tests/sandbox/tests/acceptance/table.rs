//! The table tells a deployment's story to the AWS CLI alone: state and history, in order, from the table's
//! name and the deployment's id. The command is the very one that the sandbox prints for people.

use sandbox::sample::Variant;
use sandbox::{Run, environment, tour};
use tokio::process::Command;

use crate::stage::Stage;

/// Runs a command line in a shell, with the credentials that the sandbox says to export.
async fn shell(line: &str) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", line]).envs(environment::VARIABLES).env_remove("AWS_PROFILE");
    let run = Run::from(command.output().await.unwrap());
    assert_eq!(run.code, 0, "is the AWS CLI (`aws`) installed? {run:#?}");
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn the_aws_cli_prints_a_deployments_state_and_history_from_its_id_alone() {
    let stage = Stage::set().await;
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let verdict = stage.deploy().await;
    verdict.expect("healthy", 0);
    let id = verdict.id();

    let query = tour::query(&stage.sandbox).replace("ID", &id.to_string());
    let printed = shell(&query).await.stdout;
    println!("{query}\n{printed}");
    let rows: Vec<Vec<&str>> = printed.lines().map(|line| line.split('\t').collect()).collect();
    let history = stage.history(id).await;
    assert_eq!(rows.len(), history.len(), "{printed}");
    for (row, item) in rows.iter().zip(&history) {
        let (seq, at) = (item.seq.to_string(), item.at.to_string());
        assert_eq!(*row, [&seq, &at, &item.from, &item.to, &item.event, &item.detail].map(String::as_str));
    }

    // In order, each from where the one before led to, and the last is the state.
    assert!(rows.windows(2).all(|pair| pair[0][3] == pair[1][2]), "{printed}");
    assert_eq!((rows[0][0], rows[0][2], rows[0][3]), ("1", "requested", "locked/checking-source"));
    assert_eq!(rows.last().map(|row| row[3]), Some("healthy"));

    // The state alone: the newest item.
    let newest = format!("{} --no-scan-index-forward --max-items 1", query.replace("Items[]", "Items[:1]"));
    let state = shell(&newest).await.stdout;
    assert!(state.lines().next().is_some_and(|line| line.split('\t').nth(3) == Some("healthy")), "{state}");
}
