//! Runs that ask for deployments: what GitHub tells of them, of their reviews and of an environment's rules. The answers
//! are written after GitHub's REST documentation (version 2022-11-28), shortened to what is read.

use lockstep::faults::FaultKind;
use lockstep::ports::{Forge, ReviewRules, ReviewState, RunReview, WorkflowRun};
use serde_json::{Value, json};

use crate::double::{Answer, Double, always, forge};

const COMMIT: &str = "abcdef0123456789abcdef0123456789abcdef01";

fn run() -> Value {
    json!({
        "id": 42, "name": "Deploy Production", "display_title": "Deploy Production 0.2.0-abcdef0.beta",
        "path": ".github/workflows/deploy-production.yml@main", "event": "workflow_dispatch",
        "head_branch": "main", "head_sha": COMMIT, "status": "in_progress", "conclusion": null,
        "workflow_id": 3, "check_suite_id": 70, "run_attempt": 2, "created_at": "2026-11-23T09:00:00Z",
        "html_url": "https://github.com/o/r/actions/runs/42",
        "actor": { "login": "alice", "id": 1 }, "triggering_actor": { "login": "dave", "id": 2 },
        "repository": { "id": 5, "full_name": "o/r" }, "head_repository": { "id": 5, "full_name": "o/r" },
    })
}

#[tokio::test]
async fn a_run_is_told_with_where_it_came_from() {
    let (double, forge) = always(Answer::new(200, run())).await;
    let expected = WorkflowRun {
        id: 42,
        attempt: 2,
        url: "https://github.com/o/r/actions/runs/42".to_owned(),
        path: ".github/workflows/deploy-production.yml@main".to_owned(),
        event: "workflow_dispatch".to_owned(),
        title: "Deploy Production 0.2.0-abcdef0.beta".to_owned(),
        head_branch: Some("main".to_owned()),
        head_sha: COMMIT.parse().unwrap(),
        repository: "o/r".to_owned(),
        head_repository: Some("o/r".to_owned()),
        actor: Some("alice".to_owned()),
        triggering_actor: Some("dave".to_owned()),
        completed: false,
    };
    assert_eq!(forge.workflow_run(42).await.unwrap(), Some(expected));
    assert_eq!(double.lines(), ["GET /repos/o/r/actions/runs/42"]);
}

#[tokio::test]
async fn what_github_does_not_tell_of_a_run_is_not_made_up() {
    let mut bare = run();
    for member in ["head_branch", "head_repository", "actor", "triggering_actor"] {
        bare[member] = Value::Null;
    }
    bare["status"] = "completed".into();
    let (_double, forge) = always(Answer::new(200, &bare)).await;
    let found = forge.workflow_run(42).await.unwrap().unwrap();
    assert_eq!((found.head_branch, found.head_repository, found.actor), (None, None, None));
    assert!(found.completed);

    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.workflow_run(42).await.unwrap(), None);
    bare["head_sha"] = "HEAD".into();
    let (_double, forge) = always(Answer::new(200, bare)).await;
    assert_eq!(forge.workflow_run(42).await.unwrap_err().kind, FaultKind::Unintelligible);
}

#[tokio::test]
async fn reviews_are_told_with_their_environments() {
    let answer = json!([
        { "state": "approved", "comment": "Ship it!", "user": { "login": "bob", "id": 1 },
          "environments": [{ "id": 1, "name": "production" }, { "id": 2, "name": "Canary" }] },
        { "state": "rejected", "comment": "", "user": null, "environments": [] },
        { "state": "something new", "user": { "login": "eve" } },
    ]);
    let (double, forge) = always(Answer::new(200, answer)).await;
    let review = |state, by: Option<&str>, comment: &str, environments: &[&str]| RunReview {
        state,
        by: by.map(str::to_owned),
        comment: comment.to_owned(),
        environments: environments.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(
        forge.reviews(42).await.unwrap(),
        [
            review(ReviewState::Approved, Some("bob"), "Ship it!", &["production", "Canary"]),
            review(ReviewState::Rejected, None, "", &[]),
            review(ReviewState::Undecided, Some("eve"), "", &[]),
        ]
    );
    assert_eq!(double.lines(), ["GET /repos/o/r/actions/runs/42/approvals"]);
    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.reviews(42).await.unwrap_err().kind, FaultKind::NotFound, "no answer is no empty list");
}

#[tokio::test]
async fn an_environment_asks_for_reviews_or_not() {
    let list = json!({ "total_count": 3, "environments": [
        { "name": "Production", "protection_rules": [
            { "id": 1, "type": "branch_policy" },
            { "id": 2, "type": "required_reviewers", "prevent_self_review": true,
              "reviewers": [{ "type": "Team", "reviewer": { "id": 1 } }] } ] },
        { "name": "shared", "protection_rules": [{ "id": 3, "type": "required_reviewers", "reviewers": [] }] },
        { "name": "staging", "protection_rules": [] },
    ] });
    let double = Double::start(move |_| Answer::new(200, &list)).await;
    let forge = forge(&double);
    let rules = |required, prevents_self_review| Some(ReviewRules { required, prevents_self_review });
    for (name, expected) in [
        ("production", rules(true, true)),
        ("shared", rules(true, false)),
        ("staging", rules(false, false)),
        ("absent", None),
    ] {
        assert_eq!(forge.review_rules(name).await.unwrap(), expected, "{name}");
    }
}
