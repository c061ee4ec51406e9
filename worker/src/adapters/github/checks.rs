//! The checks of a commit: check runs and commit statuses, each the newest of its kind, and workflow runs that
//! have not completed. Must never report a check that waits for this very deployment.
//!
//! Lockstep's own workflows (build, deploy) are dispatched on the commit that they deploy, so that their check
//! runs stand among that commit's. A deployment that waited for them would wait for itself. Therefore check
//! runs of workflow runs started by `workflow_dispatch` are left out, recognised by the run's check suite or by
//! the run that their details link to. A dispatched run says nothing about a commit that a push did not.
//!
//! GitHub makes a job's check run when the job is started, not when its workflow is. Between two jobs that need
//! each other all check runs of a commit may have passed, with more to come; so every other workflow run counts
//! as pending itself, under its workflow's name, until it is completed.

use std::collections::{BTreeMap, HashMap};

use lockstep_events::CommitSha;
use serde::Deserialize;

use super::client::{Client, Listing};
use super::runs::{RunJson, RunList};
use crate::ports::{Answer, Checks};

#[derive(Debug, Deserialize)]
struct CheckRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    details_url: Option<String>,
    check_suite: Option<Identified>,
    app: Option<Identified>,
}

#[derive(Debug, Deserialize)]
struct Identified {
    id: u64,
}

#[derive(Deserialize)]
struct CheckRunList {
    check_runs: Vec<CheckRun>,
}

impl Listing for CheckRunList {
    type Item = CheckRun;
    fn into_items(self) -> Vec<CheckRun> {
        self.check_runs
    }
}

#[derive(Debug, Deserialize)]
struct CommitStatus {
    context: String,
    state: String,
}

#[derive(Deserialize)]
struct CombinedStatus {
    statuses: Vec<CommitStatus>,
}

impl Listing for CombinedStatus {
    type Item = CommitStatus;
    fn into_items(self) -> Vec<CommitStatus> {
        self.statuses
    }
}

/// How a check stands, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Passed,
    Pending,
    Failed,
}

/// Who reports a check: two workflows may each have a job called `test`, and one must not hide the other.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Reporter {
    Workflow(u64),
    App(Option<u64>),
}

/// A commit's checks ("List check runs for a Git reference", latest of each suite; "Get the combined status for
/// a specific reference"; "List workflow runs for a repository").
pub(super) async fn checks(client: &Client, commit: &CommitSha) -> Answer<Checks> {
    let of_commit = || client.route().then("commits").then(commit.as_str());
    let latest = of_commit().then("check-runs").with("filter", "latest");
    let check_runs = client.list::<CheckRunList>("list check runs for a Git reference", latest).await?;
    // After the check runs: a run that is listed late would otherwise leave its check run among them.
    let runs = client.route().below("actions/runs").with("head_sha", commit);
    let runs = client.list::<RunList>("list workflow runs", runs).await?;
    let combined = of_commit().then("status");
    let statuses = client.list::<CombinedStatus>("get the combined status", combined).await?;
    Ok(summarise(check_runs, &runs, statuses))
}

fn summarise(check_runs: Vec<CheckRun>, runs: &[RunJson], statuses: Vec<CommitStatus>) -> Checks {
    let by_suite: HashMap<u64, &RunJson> =
        runs.iter().filter_map(|run| Some((run.check_suite_id?, run))).collect();
    let by_id: HashMap<u64, &RunJson> = runs.iter().map(|run| (run.id, run)).collect();
    let run_of = |check: &CheckRun| {
        let suite = check.check_suite.as_ref().and_then(|suite| by_suite.get(&suite.id));
        suite.or_else(|| by_id.get(&linked_run(check.details_url.as_deref()?)?)).copied()
    };

    let mut newest: HashMap<(Reporter, String), CheckRun> = HashMap::new();
    for check in check_runs {
        let run = run_of(&check);
        if run.is_some_and(RunJson::is_dispatched) {
            continue;
        }
        let reporter = match run {
            Some(run) => Reporter::Workflow(run.workflow_id),
            None => Reporter::App(check.app.as_ref().map(|app| app.id)),
        };
        let key = (reporter, check.name.clone());
        if newest.get(&key).is_none_or(|known| known.id < check.id) {
            newest.insert(key, check);
        }
    }

    let standings = newest.into_values().map(|check| {
        let standing = check.standing();
        (check.name, standing)
    });
    let statuses = statuses.into_iter().map(|status| {
        let standing = status.standing();
        (status.context, standing)
    });
    let open = runs
        .iter()
        .filter(|run| !run.is_dispatched() && !run.is_completed())
        .map(|run| (run.workflow_name(), Standing::Pending));
    collect(standings.chain(statuses).chain(open))
}

/// Of one name by several reporters, the worst counts.
fn collect(standings: impl Iterator<Item = (String, Standing)>) -> Checks {
    let mut worst: BTreeMap<String, Standing> = BTreeMap::new();
    for (name, standing) in standings {
        let known = worst.entry(name).or_insert(standing);
        *known = standing.max(*known);
    }
    let mut checks = Checks::default();
    for (name, standing) in worst {
        match standing {
            Standing::Passed => checks.passed.push(name),
            Standing::Failed => checks.failed.push(name),
            Standing::Pending => checks.pending.push(name),
        }
    }
    checks
}

impl CheckRun {
    fn standing(&self) -> Standing {
        match (self.status.as_str(), self.conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => Standing::Passed,
            ("completed", _) => Standing::Failed,
            _ => Standing::Pending,
        }
    }
}

impl CommitStatus {
    fn standing(&self) -> Standing {
        match self.state.as_str() {
            "success" => Standing::Passed,
            "pending" => Standing::Pending,
            _ => Standing::Failed,
        }
    }
}

/// The workflow run that a check run of GitHub Actions links to: `…/actions/runs/{id}/job/{id}`.
fn linked_run(details_url: &str) -> Option<u64> {
    let (_, rest) = details_url.split_once("/actions/runs/")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(id: u64, name: &str, suite: u64, status: &str, conclusion: Value) -> CheckRun {
        let details = format!("https://github.com/o/r/actions/runs/{}/job/{id}", suite + 1000);
        serde_json::from_value(json!({
            "id": id, "name": name, "status": status, "conclusion": conclusion,
            "details_url": details, "check_suite": { "id": suite }, "app": { "id": 15368 },
        }))
        .unwrap()
    }

    fn run(id: u64, suite: Option<u64>, workflow: u64, event: &str) -> RunJson {
        serde_json::from_value(json!({
            "id": id, "event": event, "workflow_id": workflow, "check_suite_id": suite, "html_url": "https://x",
            "created_at": "2026-11-23T09:00:00Z", "status": "completed", "conclusion": "success",
        }))
        .unwrap()
    }

    fn open_run(name: &str, event: &str, status: Value) -> RunJson {
        serde_json::from_value(json!({
            "id": 1, "event": event, "workflow_id": 4, "check_suite_id": 10, "html_url": "https://x",
            "created_at": "2026-11-23T09:00:00Z", "name": name, "status": status, "conclusion": null,
        }))
        .unwrap()
    }

    fn status(context: &str, state: &str) -> CommitStatus {
        CommitStatus { context: context.to_owned(), state: state.to_owned() }
    }

    #[test]
    fn each_conclusion_counts_as_github_means_it() {
        let cases = [
            ("completed", json!("success"), Standing::Passed),
            ("completed", json!("neutral"), Standing::Passed),
            ("completed", json!("skipped"), Standing::Passed),
            ("completed", json!("failure"), Standing::Failed),
            ("completed", json!("cancelled"), Standing::Failed),
            ("completed", json!("timed_out"), Standing::Failed),
            ("completed", json!("action_required"), Standing::Failed),
            ("completed", json!("stale"), Standing::Failed),
            ("completed", Value::Null, Standing::Failed),
            ("queued", Value::Null, Standing::Pending),
            ("in_progress", Value::Null, Standing::Pending),
            ("waiting", Value::Null, Standing::Pending),
        ];
        for (status, conclusion, expected) in cases {
            let standing = check(1, "test", 1, status, conclusion.clone()).standing();
            assert_eq!(standing, expected, "{status} {conclusion}");
        }
    }

    #[test]
    fn checks_of_dispatched_runs_are_left_out() {
        let checks = vec![
            check(1, "test", 10, "completed", json!("success")),
            check(2, "deploy", 20, "in_progress", Value::Null),
            check(3, "build", 30, "completed", json!("failure")),
        ];
        let runs = [
            run(1, Some(10), 1, "push"),
            run(2, Some(20), 2, "workflow_dispatch"),
            // Without a suite it is known by the link alone.
            run(1030, None, 3, "workflow_dispatch"),
        ];
        let summary = summarise(checks, &runs, vec![]);
        assert_eq!(summary, Checks { passed: vec!["test".to_owned()], ..Checks::default() });
    }

    #[test]
    fn a_workflow_run_that_has_not_completed_is_pending_though_its_jobs_so_far_passed() {
        for status in
            [json!("queued"), json!("in_progress"), json!("waiting"), json!("new word"), Value::Null]
        {
            let checks = vec![check(1, "test", 10, "completed", json!("success"))];
            let summary = summarise(checks, &[open_run("CI", "push", status.clone())], vec![]);
            assert_eq!(summary.passed, ["test"], "{status}");
            assert_eq!(summary.pending, ["CI"], "{status}");
        }
        let without_jobs = summarise(vec![], &[open_run("", "pull_request", json!("queued"))], vec![]);
        assert_eq!(without_jobs.pending, ["workflow 4"], "a run is pending before its first job too");
        let same_name = vec![check(1, "CI", 10, "completed", json!("success"))];
        let summary = summarise(same_name, &[open_run("CI", "push", json!("in_progress"))], vec![]);
        assert_eq!((summary.passed.len(), summary.pending), (0, vec!["CI".to_owned()]));
    }

    #[test]
    fn a_dispatched_run_and_a_completed_one_are_not_pending() {
        let runs = [
            open_run("Deploy", "workflow_dispatch", json!("in_progress")),
            open_run("CI", "push", json!("completed")),
        ];
        assert_eq!(summarise(vec![], &runs, vec![]), Checks::default());
    }

    #[test]
    fn the_newest_counts_within_a_workflow_and_the_worst_between_them() {
        let checks = vec![
            check(1, "test", 10, "completed", json!("failure")),
            check(5, "test", 11, "completed", json!("success")),
            check(2, "lint", 12, "completed", json!("failure")),
            check(6, "lint", 11, "completed", json!("success")),
        ];
        let runs =
            [run(1, Some(10), 1, "push"), run(2, Some(11), 1, "schedule"), run(3, Some(12), 2, "push")];
        let summary = summarise(checks, &runs, vec![]);
        assert_eq!(summary.passed, ["test"], "re-run of the same workflow");
        assert_eq!(summary.failed, ["lint"], "another workflow's job of the same name does not hide it");
    }

    #[test]
    fn statuses_stand_beside_check_runs() {
        let checks = vec![check(1, "ci", 1, "completed", json!("success"))];
        let statuses = vec![
            status("ci", "failure"),
            status("cov", "success"),
            status("sec", "pending"),
            status("x", "error"),
        ];
        let summary = summarise(checks, &[], statuses);
        assert_eq!(summary.passed, ["cov"]);
        assert_eq!(summary.failed, ["ci", "x"]);
        assert_eq!(summary.pending, ["sec"]);
    }
}
