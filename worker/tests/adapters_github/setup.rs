//! Reading a repository's settings: protection of environments and branches, workflows, permissions. The answers are
//! written after GitHub's REST documentation (version 2022-11-28), shortened to what is read.

use lockstep::adapters::github::GitHubForge;
use lockstep::faults::FaultKind;
use lockstep::ports::setup::{
    ActionsSetup, BranchPolicy, EnvironmentProtection, ForgeInspector, RepositorySetup,
};
use serde_json::{Value, json};

use crate::double::{Answer, Double, forge};

/// A forge whose double answers each of these paths; every other one is not found.
async fn with(answers: Vec<(&'static str, Answer)>) -> GitHubForge {
    let double = Double::start(move |call| {
        let path = call.line.split(['?', ' ']).nth(1).unwrap();
        let found = answers.iter().find(|(known, _)| path.strip_prefix("/repos/o/r") == Some(known));
        found.map_or_else(Answer::not_found, |(_, answer)| answer.clone())
    });
    forge(&*double.await)
}

fn ok(body: Value) -> Answer {
    Answer::new(200, body)
}

fn forbidden() -> Answer {
    Answer::new(403, json!({ "message": "Resource not accessible by personal access token" }))
}

#[tokio::test]
async fn a_repository_tells_its_branch_and_what_may_be_done() {
    let body = json!({ "default_branch": "trunk", "permissions": { "push": true, "pull": true } });
    let found = with(vec![("", ok(body))]).await.repository().await.unwrap();
    assert_eq!(found, Some(RepositorySetup { default_branch: "trunk".into(), push: Some(true) }));
    assert_eq!(with(vec![]).await.repository().await.unwrap(), None);
}

#[tokio::test]
async fn an_environment_is_found_in_the_list_with_its_rules() {
    let list = json!({ "total_count": 3, "environments": [
        { "name": "Production", "protection_rules": [
            { "id": 1, "type": "wait_timer", "wait_timer": 30 },
            { "id": 2, "type": "required_reviewers", "prevent_self_review": true,
              "reviewers": [{ "type": "Team", "reviewer": { "id": 1 } }] },
            { "id": 3, "type": "branch_policy" } ],
          "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true } },
        { "name": "staging", "protection_rules": [],
          "deployment_branch_policy": { "protected_branches": true, "custom_branch_policies": false } },
        { "name": "open", "deployment_branch_policy": null },
    ] });
    let policies =
        json!({ "total_count": 1, "branch_policies": [{ "id": 1, "name": "main", "type": "branch" }] });
    let forge = with(vec![
        ("/environments", ok(list)),
        ("/environments/Production/deployment-branch-policies", ok(policies)),
    ])
    .await;
    let protection = |reviewers, prevents_self_review, branches| {
        Some(EnvironmentProtection { reviewers, prevents_self_review, branches })
    };
    let named = BranchPolicy::Named(vec!["main".into()]);
    assert_eq!(forge.environment("production").await.unwrap(), protection(1, true, named));
    assert_eq!(forge.environment("staging").await.unwrap(), protection(0, false, BranchPolicy::Protected));
    assert_eq!(forge.environment("open").await.unwrap(), protection(0, false, BranchPolicy::Any));
    assert_eq!(forge.environment("absent").await.unwrap(), None);
    let unknown = with(vec![]).await.environment("production").await.unwrap_err();
    assert_eq!(unknown.kind, FaultKind::NotFound, "a list that is not there is not a list without it");
}

fn protection() -> Answer {
    ok(json!({
        "required_pull_request_reviews": { "required_approving_review_count": 2 },
        "required_status_checks": { "strict": true, "contexts": ["ci"], "checks": [{ "context": "ci" }] },
        "enforce_admins": { "enabled": true },
        "allow_force_pushes": { "enabled": false },
        "allow_deletions": { "enabled": true },
    }))
}

fn rulesets() -> Answer {
    ok(json!([
        { "type": "deletion", "ruleset_id": 1 },
        { "type": "non_fast_forward" },
        { "type": "pull_request", "parameters": { "required_approving_review_count": 1 } },
        { "type": "required_status_checks",
          "parameters": { "required_status_checks": [{ "context": "lint", "integration_id": 1 }] } },
    ]))
}

const PROTECTION: &str = "/branches/main/protection";
const RULES: &str = "/rules/branches/main";

#[tokio::test]
async fn protection_and_rulesets_hold_at_once() {
    let rules =
        with(vec![(PROTECTION, protection()), (RULES, rulesets())]).await.branch_rules("main").await.unwrap();
    assert_eq!((rules.approvals, rules.binds_administrators), (Some(2), Some(true)));
    assert_eq!(rules.checks, ["ci", "lint"]);
    assert!(rules.refuses_force_pushes && rules.refuses_deletion && rules.unread.is_none());
}

#[tokio::test]
async fn one_of_the_two_may_be_absent_or_out_of_sight() {
    let unprotected = Answer::new(404, json!({ "message": "Branch not protected" }));
    let rules =
        with(vec![(PROTECTION, unprotected), (RULES, rulesets())]).await.branch_rules("main").await.unwrap();
    assert_eq!((rules.approvals, rules.binds_administrators, rules.unread), (Some(1), None, None));

    let rules = with(vec![(PROTECTION, forbidden()), (RULES, ok(json!([])))])
        .await
        .branch_rules("main")
        .await
        .unwrap();
    assert!(rules.unread.unwrap().contains("not accessible"));

    let rules = with(vec![(PROTECTION, protection())]).await.branch_rules("main").await.unwrap();
    assert_eq!(rules.checks, ["ci"]);
    assert!(!rules.refuses_deletion);

    let fault = with(vec![(PROTECTION, forbidden())]).await.branch_rules("main").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
}

#[tokio::test]
async fn which_actions_may_run() {
    let permissions = json!({ "enabled": true, "allowed_actions": "selected", "sha_pinning_required": true });
    let selected =
        json!({ "github_owned_allowed": false, "verified_allowed": true, "patterns_allowed": ["docker/*"] });
    let forge = with(vec![
        ("/actions/permissions", ok(permissions)),
        ("/actions/permissions/selected-actions", ok(selected)),
    ]);
    let expected = ActionsSetup {
        enabled: true,
        allowed: "selected".into(),
        pinning_required: Some(true),
        patterns: vec!["docker/*".into()],
        github_owned: false,
        verified: true,
    };
    assert_eq!(forge.await.actions().await.unwrap(), expected);
    let forge = with(vec![("/actions/permissions", ok(json!({ "enabled": false })))]);
    assert!(!forge.await.actions().await.unwrap().enabled);
}

#[tokio::test]
async fn workflow_files_are_read_where_github_looks_for_them() {
    let entry = |name: &str, kind: &str| json!({ "path": format!(".github/workflows/{name}"), "type": kind });
    let folder = json!([entry("build.yml", "file"), entry("notes.md", "file"), entry("sub.yml", "dir")]);
    // "on: push" in base64.
    let file = json!({ "encoding": "base64", "content": "b246IHB1c2g=\n" });
    let listed = json!({ "total_count": 1,
        "workflows": [{ "path": ".github/workflows/build.yml", "state": "disabled_manually" }] });
    let forge = with(vec![
        ("/contents/.github/workflows", ok(folder)),
        ("/contents/.github/workflows/build.yml", ok(file)),
        ("/actions/workflows", ok(listed)),
    ])
    .await;
    let files = forge.workflows("main").await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].path.as_str(), files[0].text.as_str()), (".github/workflows/build.yml", "on: push"));
    assert_eq!(forge.workflow_state("build.yml").await.unwrap().as_deref(), Some("disabled_manually"));
    assert_eq!(forge.workflow_state("other.yml").await.unwrap(), None);
    assert!(with(vec![]).await.workflows("main").await.unwrap().is_empty());
}
