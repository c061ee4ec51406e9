//! Checks and commit statuses through octocrab.

use crate::support::{Fixture, OWNER, REPO, commit, refusal, start};
use github_sim::{CheckSpec, Status};
use octocrab::models::StatusState;
use octocrab::params::repos::Commitish;

fn report(fixture: &Fixture, commit: &str, name: &str, conclusion: Option<&str>) -> u64 {
    let spec = CheckSpec {
        commit: commit.to_owned(),
        name: name.to_owned(),
        status: if conclusion.is_some() { Status::Completed } else { Status::InProgress },
        conclusion: conclusion.map(str::to_owned),
    };
    fixture.control().report_check(OWNER, REPO, &spec).unwrap()
}

#[tokio::test]
async fn check_runs_are_listed_latest_first_and_paged() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    let failed = report(&fixture, &sha, "test", Some("failure"));
    let passed = report(&fixture, &sha, "test", Some("success"));
    report(&fixture, &sha, "lint", None);
    let checks = fixture.crab.checks(OWNER, REPO);
    let list = checks.list_check_runs_for_git_ref(Commitish(sha.clone())).send().await.unwrap();
    assert_eq!(list.total_count, 2);
    let names: Vec<_> =
        list.check_runs.iter().map(|run| (run.name.as_str(), run.conclusion.as_deref())).collect();
    assert_eq!(names, [("lint", None), ("test", Some("success"))]);
    assert_eq!(list.check_runs[1].id.0, passed);

    let all = fixture.json(&format!("/commits/{sha}/check-runs?filter=all&check_name=test")).await;
    let ids: Vec<_> = all["check_runs"].as_array().unwrap().iter().map(|run| run["id"].as_u64()).collect();
    assert_eq!(ids, [Some(passed), Some(failed)]);

    let page = fixture.get(&format!("/commits/{sha}/check-runs?per_page=1&page=2")).await;
    let link = page.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.contains("rel=\"prev\"") && !link.contains("rel=\"next\""), "{link}");
    let page: serde_json::Value = page.json().await.unwrap();
    assert_eq!((page["total_count"].as_u64(), &page["check_runs"][0]["name"]), (Some(2), &"test".into()));
}

#[tokio::test]
async fn check_suites_sum_up_their_runs() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    report(&fixture, &sha, "test", Some("success"));
    report(&fixture, &sha, "lint", Some("failure"));
    let checks = fixture.crab.checks(OWNER, REPO);
    let list = checks.list_check_suites_for_git_ref(Commitish("main".to_owned())).send().await.unwrap();
    assert_eq!(list.total_count, 1);
    assert_eq!(list.check_suites[0].conclusion.as_deref(), Some("failure"));
    assert_eq!(list.check_suites[0].head_sha, sha);
    let unknown =
        checks.list_check_runs_for_git_ref(Commitish("nowhere".to_owned())).send().await.unwrap_err();
    assert_eq!(refusal(&unknown), (422, "No commit found for SHA: nowhere".to_owned()));
}

#[tokio::test]
async fn statuses_are_created_listed_and_combined() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    let combined = async || {
        let path = format!("/repos/{OWNER}/{REPO}/commits/{sha}/status");
        fixture.crab.get::<octocrab::models::CombinedStatus, _, ()>(path, None).await.unwrap()
    };
    let none = combined().await;
    assert_eq!((none.state, none.total_count), (StatusState::Pending, 0), "GitHub's answer without statuses");
    let repository = fixture.crab.repos(OWNER, REPO);
    for (state, context) in
        [(StatusState::Failure, "ci"), (StatusState::Success, "ci"), (StatusState::Success, "cd")]
    {
        let made = repository.create_status(sha.clone(), state).context(context.to_owned()).send().await;
        assert_eq!(made.unwrap().state, state);
    }
    let now = combined().await;
    assert_eq!((now.state, now.total_count), (StatusState::Success, 2));
    let listed = repository.list_statuses(sha.clone()).send().await.unwrap();
    assert_eq!(listed.items.len(), 3);
}
