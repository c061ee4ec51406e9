//! docs/operations.md is complete: every code, outcome and alarm has a heading, its links lead somewhere, and its commands are
//! commands. Must never run one of them against a table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lockstep_state_machines::{FailureCode, RefusalCode};
use serde::de::DeserializeOwned;

use super::support::binary;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/operations.md")).unwrap()
}

/// What the page has headings for: each piece of code in a heading, and headings that are one word.
fn headings(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("### "));
    let names = lines.flat_map(|line| line.split(", ")).map(|name| name.trim_matches('`').to_owned());
    names.collect()
}

/// The names of an enum's variants: serde lists them when it is given another.
fn variants<T: DeserializeOwned + std::fmt::Debug>() -> Vec<String> {
    let refusal = serde_json::from_str::<T>("\"no such variant\"").unwrap_err().to_string();
    let (_, expected) = refusal.split_once("expected one of ").expect("serde says what it expected");
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_code_outcome_and_alarm_has_a_heading() {
    let page = page();
    let headings = headings(&page);
    let alarms = std::fs::read_to_string(root().join("infra/src/lockstep/alarms.ts")).unwrap();
    let alarms: Vec<_> = alarms
        .split("this.alarm(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let (refusals, failures) = (variants::<RefusalCode>(), variants::<FailureCode>());
    assert!(
        refusals.len() > 10 && failures.len() > 10 && alarms.len() > 5,
        "{refusals:?} {failures:?} {alarms:?}"
    );
    let outcomes = ["healthy", "rejected", "failed", "rolled-back", "cancelled"].map(str::to_owned);
    let wanted = refusals.into_iter().chain(failures).chain(alarms).chain(outcomes);
    let missing: Vec<_> = wanted.filter(|name| !headings.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new(), "docs/operations.md has no heading for these");
}

#[test]
fn no_heading_is_about_something_that_is_not_there() {
    let sources =
        ["state-machines/src", "worker/src", "infra/src/lockstep"].map(|folder| root().join(folder));
    let text: String = sources.iter().map(|folder| sources_of(folder)).collect();
    let codes: Vec<_> = variants::<RefusalCode>().into_iter().chain(variants::<FailureCode>()).collect();
    let outcomes = ["healthy", "rejected", "failed", "rolled-back", "cancelled"];
    for heading in headings(&page()) {
        let known = codes.contains(&heading) || outcomes.contains(&heading.as_str());
        assert!(known || text.contains(&format!("\"{heading}\"")), "nothing says {heading:?} any more");
    }
}

/// The text of every source file below a folder.
fn sources_of(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources_of(&path);
        } else {
            text += &std::fs::read_to_string(&path).unwrap_or_default();
        }
    }
    text
}

#[test]
fn its_links_lead_somewhere() {
    let page = page();
    let anchors: BTreeSet<String> = page.lines().filter(|line| line.starts_with('#')).map(anchor).collect();
    let targets = page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let mut seen = 0;
    for target in targets {
        seen += 1;
        match target.split_once('#') {
            Some(("", own)) => assert!(anchors.contains(own), "no heading {own}"),
            _ => assert!(file_is_there(target.split('#').next().unwrap()), "{target} is not there"),
        }
    }
    assert!(seen > 5, "{seen} links");
}

fn file_is_there(file: &str) -> bool {
    root().join("docs").join(file).is_file()
}

/// GitHub's anchor of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Every command of the page, in blocks and in sentences, as the program parses it: it gets as far as its configuration.
#[tokio::test]
async fn its_commands_are_commands() {
    let page = page();
    let blocks: String =
        page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let lines = blocks.lines().map(|line| line.split('#').next().unwrap().trim().to_owned());
    let inline = page.split('`').skip(1).step_by(2).map(str::to_owned);
    let commands: BTreeSet<String> =
        lines.chain(inline).filter(|text| text.starts_with("lockstep ")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    let missing = Path::new("/nonexistent/lockstep.toml");
    for command in &commands {
        let filled = command
            .replace("\"$ID\"", "01a20a39-429f-70a6-9548-6a6f6f151e79")
            .replace("\"…\"", "because")
            .replace("<environment>", "staging")
            .replace("<message-id>", "m");
        let words: Vec<_> = filled.split_whitespace().skip(1).collect();
        // In a sentence a command may stand for itself, without what it takes.
        let named = words.len() == 1;
        let done = binary(missing).args(&words).args(named.then_some("--help")).output().await.unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        let parsed = said.contains("/nonexistent/lockstep.toml") || named && done.status.success();
        assert!(parsed, "{command}: {said}");
    }
}
