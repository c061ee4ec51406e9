//! Which commits may be deployed: those of the default branch whose checks have passed. A check that still
//! runs is waited for, up to a deadline.

use github_sim::Status::{Completed, InProgress};
use lockstep_events::DeploymentId;
use sandbox::Options;
use sandbox::sample::{self, Variant};
use sandbox::seeds::{OWNER, REPOSITORY};
use serde_json::Value;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_must_exist_be_on_main_and_have_passed_its_checks() {
    let stage = Stage::set().await;
    stage.sandbox.push("0.1.0", Variant::Good, "On main").unwrap();
    let branch = commit(&stage, "feature", "Not merged");
    stage.sandbox.report_check(&branch, "ci", Completed, Some("success")).unwrap();
    let not_on_main = format!("commit {} is not on main: merge it before deploying it", &branch[..7]);
    for reference in ["feature", branch.as_str()] {
        let deploy = ["deploy", "staging", "--ref", reference];
        stage.refuse(&deploy, "not-on-default-branch", &[&not_on_main]).await;
    }

    let unknown = "0123456789abcdef0123456789abcdef01234567";
    for reference in ["no-such-branch", unknown] {
        let message = format!("{reference:?} names no commit of acme/sample");
        stage.refuse(&["deploy", "staging", "--ref", reference], "unknown-ref", &[&message]).await;
    }

    let failing = commit(&stage, "main", "Checks fail");
    stage.sandbox.report_check(&failing, "ci", Completed, Some("success")).unwrap();
    stage.sandbox.report_check(&failing, "lint", Completed, Some("failure")).unwrap();
    stage.sandbox.report_check(&failing, "docs", Completed, Some("timed_out")).unwrap();
    let message = format!("checks of commit {} failed: docs, lint; fix them", &failing[..7]);
    stage.refuse(&["deploy", "staging"], "checks-failed", &[&message]).await;
    assert_eq!(stage.builds(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_that_run_are_awaited_and_said_once() {
    let stage = Stage::set().await;
    let sha = commit(&stage, "main", "Checks run");
    let report = |name, status, conclusion| stage.sandbox.report_check(&sha, name, status, conclusion);
    report("ci", InProgress, None).unwrap();
    let before = stage.changes();

    let id = new_id();
    let deploy = async { stage.wait(&["deploy", "staging", "--id", &id.to_string()]).await };
    let checks = async {
        stage.until_waiting(id, &unfinished(&sha, "ci")).await;
        // The worker has to have looked more than once for "said once" to mean anything.
        let looked = stage.github_requests().await;
        stage.until("more looks at the checks", async || stage.github_requests().await > looked + 30).await;
        report("lint", InProgress, None).unwrap();
        stage.until_waiting(id, &unfinished(&sha, "ci, lint")).await;
        report("ci", Completed, Some("success")).unwrap();
        stage.until_waiting(id, &unfinished(&sha, "lint")).await;
        assert_eq!(stage.changes().since(&before), [""; 0], "something was done before the checks passed");
        report("lint", Completed, Some("success")).unwrap();
    };
    let (verdict, ()) = tokio::join!(deploy, checks);
    verdict.expect("healthy", 0);
    let history = stage.history(id).await;
    let waits: Vec<_> = history.iter().filter(|entry| entry.detail.contains("have not finished")).collect();
    let said: Vec<_> = waits.iter().map(|entry| entry.detail.clone()).collect();
    assert_eq!(said, ["ci", "ci, lint", "lint"].map(|names| unfinished(&sha, names)));
    assert!(waits.iter().all(|entry| entry.to == "locked/checking-source"), "{waits:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_fails_while_it_is_awaited_refuses_the_commit() {
    let stage = Stage::set().await;
    let sha = commit(&stage, "main", "Checks run, then fail");
    stage.sandbox.report_check(&sha, "ci", InProgress, None).unwrap();
    let id = new_id();
    let fail = async {
        stage.until_waiting(id, &unfinished(&sha, "ci")).await;
        stage.sandbox.report_check(&sha, "ci", Completed, Some("failure")).unwrap();
    };
    let message = format!("checks of commit {} failed: ci; fix them", &sha[..7]);
    let (id, words) = (id.to_string(), [message.as_str()]);
    let deploy = ["deploy", "staging", "--id", &id];
    tokio::join!(stage.refuse(&deploy, "checks-failed", &words), fail);
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_that_never_end_fail_the_deployment_at_their_deadline() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    stage.add_worker_with("worker-1", &[("LOCKSTEP__DEADLINES__CHECKS_SECONDS", "3")]);
    let sha = commit(&stage, "main", "Checks hang");
    stage.sandbox.report_check(&sha, "ci", InProgress, None).unwrap();
    let before = stage.changes();

    let verdict = stage.deploy().await;
    let message = format!("still waiting: {} after 3 s, its deadline", unfinished(&sha, "ci"));
    verdict.expect("failed", 4).says(&message).says("nothing was deployed");
    assert_eq!(verdict.json["failure"]["code"], "deadline");
    assert_eq!(verdict.json["operator_needed"], false);
    assert_eq!(stage.changes().since(&before), [""; 0]);
    stage.record("staging").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_required_checks_count_and_those_must_be_there() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let required = "LOCKSTEP__APPLICATIONS__SAMPLE__GITHUB__REQUIRED_CHECKS";
    stage.add_worker_with("worker-1", &[(required, r#"["ci", "security"]"#)]);
    let sha = commit(&stage, "main", "One check missing, another red");
    stage.sandbox.report_check(&sha, "ci", Completed, Some("success")).unwrap();
    stage.sandbox.report_check(&sha, "nightly", Completed, Some("failure")).unwrap();
    stage.sandbox.report_check(&sha, "slow", InProgress, None).unwrap();
    let id = new_id();
    let deploy = async { stage.wait(&["deploy", "staging", "--id", &id.to_string()]).await };
    let pass = async {
        stage.until_waiting(id, &unfinished(&sha, "security")).await;
        stage.sandbox.report_check(&sha, "security", Completed, Some("success")).unwrap();
    };
    let (verdict, ()) = tokio::join!(deploy, pass);
    verdict.expect("healthy", 0);

    let red = commit(&stage, "main", "A required check is red");
    stage.sandbox.report_check(&red, "ci", Completed, Some("failure")).unwrap();
    stage.sandbox.report_check(&red, "security", Completed, Some("success")).unwrap();
    let message = format!("checks of commit {} failed: ci;", &red[..7]);
    stage.refuse(&["deploy", "staging"], "checks-failed", &[&message]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_any_check_is_deployed_with_a_warning() {
    let stage = Stage::set().await;
    let sha = commit(&stage, "main", "No checks at all");
    let verdict = stage.deploy().await;
    verdict.expect("healthy", 0);
    let warning = format!("commit {} has no checks", &sha[..7]);
    assert!(verdict.json["warnings"].to_string().contains(&warning), "{:#}", verdict.json);
}

impl Stage {
    /// Waits until the history says that this is waited for.
    async fn until_waiting(&self, id: DeploymentId, on: &str) {
        self.until(on, async || {
            let newest = self.store.newest(id).await.unwrap();
            newest.is_some_and(|newest| newest.to == "locked/checking-source" && newest.detail == on)
        })
        .await;
    }

    /// How many requests GitHub has answered; asking for that is not one of them.
    async fn github_requests(&self) -> u64 {
        let url = format!("{}/rate_limit", self.sandbox.github().base_uri());
        let request = reqwest::Client::new().get(url).header("user-agent", "acceptance");
        let answer = request.bearer_auth(sandbox::environment::GITHUB_TOKEN).send().await.unwrap();
        let quota: Value = answer.error_for_status().unwrap().json().await.unwrap();
        quota["resources"]["core"]["used"].as_u64().unwrap()
    }
}

/// A good commit on a branch, without a check.
fn commit(stage: &Stage, branch: &str, message: &str) -> String {
    let commit = sample::commit(branch, "0.1.0", Variant::Good, message);
    stage.sandbox.github().control().commit(OWNER, REPOSITORY, commit).unwrap()
}

fn unfinished(sha: &str, checks: &str) -> String {
    format!("checks of commit {} have not finished: {checks}", &sha[..7])
}

fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}
