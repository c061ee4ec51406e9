//! The tour: a commit, a staging deployment, its promotion, shown as a user of the command line sees them.
//! Must never know more than such a user: it runs `lockstep` commands and reads the table.

use std::future::Future;
use std::io::Write as _;

use lockstep::cli::Exit;

use crate::sample::Variant;
use crate::seeds::{OWNER, REPOSITORY};
use crate::{Sandbox, SandboxError, environment, settings};

/// Writes a line for the person who started the sandbox.
pub fn say(line: &str) {
    // A closed terminal is no reason to stop.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn run_command(words: &[&str]) {
    say(&format!("\n$ lockstep {}", words.join(" ")));
}

/// Runs the tour; the exit code of the first command that did not end well, or success.
///
/// # Errors
/// The sandbox refuses the commit.
pub async fn run<Command, Answer>(sandbox: &Sandbox, command: Command) -> Result<Exit, SandboxError>
where
    Command: Fn(&[&str]) -> Answer,
    Answer: Future<Output = Exit>,
{
    let version = next_version(sandbox);
    let sha = sandbox.push(&version, Variant::Good, &format!("Version {version}"))?;
    let beta = format!("{version}-{}.beta", &sha[..7]);
    say(&format!(
        "\npushed commit {} (version {version}) to {OWNER}/{REPOSITORY}; its checks passed",
        &sha[..7]
    ));
    for words in
        [vec!["deploy", "staging", "--wait"], vec!["promote", beta.as_str(), "--wait"], vec!["status"]]
    {
        run_command(&words);
        let exit = command(&words).await;
        if exit != Exit::Done {
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// One minor version for every build so far, so that every tour releases a new one.
fn next_version(sandbox: &Sandbox) -> String {
    let commits = sandbox.github().control().build_count(OWNER, REPOSITORY).map_or(0, |count| count.started);
    format!("0.{}.0", commits + 1)
}

/// The AWS CLI's command that prints a deployment's history, with `ID` where its id goes. What it needs is
/// the table's name and that id; everything else says where the sandbox's DynamoDB is.
#[must_use]
pub fn query(sandbox: &Sandbox) -> String {
    let (endpoint, table) = (sandbox.dynamodb().endpoint(), settings::TABLE);
    format!(
        r#"aws dynamodb query --endpoint-url {endpoint} --table-name {table} \
    --consistent-read --key-condition-expression 'pk = :id' \
    --expression-attribute-values '{{":id":{{"S":"deployment#ID"}}}}' \
    --query 'Items[].[seq.N, at.S, from.S, to.S, event.S, detail.S]' --output text"#
    )
}

/// Says how to look at what happened and how to try more.
pub fn how_to_go_on(sandbox: &Sandbox) {
    let ports = sandbox.places().ports;
    let exports: Vec<String> =
        environment::VARIABLES.iter().map(|(name, value)| format!("  export {name}={value}")).collect();
    let config = sandbox.config();
    say(&format!(
        r#"
The sandbox stays up (Ctrl-C stops it; its state is kept). In another terminal:

{exports}
  export LOCKSTEP_CONFIG={config}

  cargo run -q -p lockstep -- status
  cargo run -q -p lockstep -- deploy staging --wait
  cargo run -q -p lockstep -- promote --list

The table, with the AWS CLI; a deployment's id is all it needs:

  {query}

A commit of the sample application that crashes at start, then deploy staging again:

  curl -s -X POST http://127.0.0.1:{github}/_sim/repos/{OWNER}/{REPOSITORY}/commits -H 'content-type: application/json' \
    -d '{{"branch":"main","message":"Crash","author":"octocat","changes":{{"release.json":"{{\"behaviour\":\"crash-at-start\"}}"}}}}'

Staging answers at http://127.0.0.1:{staging}/api/v1/info, production at http://127.0.0.1:{production}/api/v1/info"#,
        exports = exports.join("\n"),
        config = config.display(),
        query = query(sandbox),
        github = ports.github,
        staging = ports.staging,
        production = ports.production,
    ));
}
