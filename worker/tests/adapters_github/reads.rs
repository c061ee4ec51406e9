//! Reading the repository: refs, branches, files, tags and checks.

use lockstep::faults::FaultKind;
use lockstep::ports::{Checks, Forge};
use lockstep_events::CommitSha;
use serde_json::json;

use crate::double::{Answer, Double, TOKEN, always, forge};

fn sha(digit: char) -> CommitSha {
    digit.to_string().repeat(40).parse().unwrap()
}

#[tokio::test]
async fn every_request_is_authenticated_and_names_one_api_version() {
    let (double, forge) = always(Answer::new(200, json!({ "default_branch": "trunk" }))).await;
    assert_eq!(forge.default_branch().await.unwrap(), "trunk");
    let call = &double.calls()[0];
    assert_eq!(call.line, "GET /repos/o/r");
    let all = |name: &str| call.headers.get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(all("x-github-api-version"), ["2022-11-28"]);
    assert_eq!(all("accept"), ["application/vnd.github+json"]);
    assert_eq!(all("authorization"), [format!("Bearer {TOKEN}")]);
}

#[tokio::test]
async fn a_ref_names_a_commit_or_nothing() {
    let (double, forge) = always(Answer::new(200, json!({ "sha": sha('a'), "files": [] }))).await;
    assert_eq!(forge.resolve("feature/login").await.unwrap(), Some(sha('a')));
    assert_eq!(double.lines(), ["GET /repos/o/r/commits/feature%2Flogin?per_page=1"]);

    let unknown = json!({ "message": "No commit found for SHA: nowhere" });
    let empty = json!({ "message": "Git Repository is empty." });
    for nothing in [Answer::not_found(), Answer::new(422, unknown), Answer::new(409, empty)] {
        let (_double, forge) = always(nothing).await;
        assert_eq!(forge.resolve("nowhere").await.unwrap(), None);
    }
    let (_double, forge) = always(Answer::new(422, json!({ "message": "Validation Failed" }))).await;
    assert_eq!(forge.resolve("x").await.unwrap_err().kind, FaultKind::Refused);
    let (_double, forge) = always(Answer::new(200, json!({ "sha": "abc" }))).await;
    assert_eq!(forge.resolve("x").await.unwrap_err().kind, FaultKind::Unintelligible);
}

#[tokio::test]
async fn a_commit_is_on_a_branch_that_is_ahead_of_it_or_ends_in_it() {
    for (status, expected) in [("behind", true), ("identical", true), ("ahead", false), ("diverged", false)] {
        let (double, forge) = always(Answer::new(200, json!({ "status": status }))).await;
        assert_eq!(forge.is_on_branch(&sha('a'), "main").await.unwrap(), expected, "{status}");
        let expected = format!("GET /repos/o/r/compare/main...{}?per_page=1", sha('a'));
        assert_eq!(double.lines(), [expected]);
    }
    let unrelated = json!({ "message": "No common ancestor between main and x." });
    let (_double, forge) = always(Answer::new(404, unrelated)).await;
    assert!(!forge.is_on_branch(&sha('a'), "main").await.unwrap());
    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.is_on_branch(&sha('a'), "main").await.unwrap_err().kind, FaultKind::NotFound);
}

#[tokio::test]
async fn a_file_is_read_at_its_commit() {
    let content = json!({ "type": "file", "encoding": "base64", "content": "dmVyc2lvbiA9\nICIxLjIuMyIK\n" });
    let (double, forge) = always(Answer::new(200, content)).await;
    let text = forge.file("apps/server/Cargo.toml", &sha('a')).await.unwrap();
    assert_eq!(text.as_deref(), Some("version = \"1.2.3\"\n"));
    assert_eq!(double.lines(), [format!("GET /repos/o/r/contents/apps/server/Cargo.toml?ref={}", sha('a'))]);

    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.file("x", &sha('a')).await.unwrap(), None);
    for (unusable, words) in [
        (json!([{ "type": "file" }]), "is not a file"),
        (json!({ "type": "submodule" }), "is not a file"),
        (json!({ "type": "file", "encoding": "none", "content": "" }), "larger than 1 MB"),
        (json!({ "type": "file", "encoding": "base64", "content": "/w==" }), "is not UTF-8"),
    ] {
        let (_double, forge) = always(Answer::new(200, unusable)).await;
        let fault = forge.file("some/path", &sha('a')).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Refused);
        assert!(fault.message.contains(words) && fault.message.contains("some/path"), "{fault}");
    }
}

#[tokio::test]
async fn tags_are_peeled_down_to_the_commit() {
    let double = Double::start(|call| {
        let to =
            |kind, digit: char| Answer::new(200, json!({ "object": { "type": kind, "sha": sha(digit) } }));
        match call.line.rsplit_once('/').unwrap() {
            (_, "plain") => to("commit", 'a'),
            (_, "annotated") => to("tag", '1'),
            (_, "tree") => to("tree", 'a'),
            (_, "knot") => to("tag", 'f'),
            ("GET /repos/o/r/git/tags", layer) => match &layer[..1] {
                "1" => to("tag", '2'),
                "2" => to("commit", 'b'),
                _ => to("tag", 'f'),
            },
            _ => Answer::not_found(),
        }
    })
    .await;
    let forge = forge(&double);
    assert_eq!(forge.tag_commit("plain").await.unwrap(), Some(sha('a')));
    assert_eq!(forge.tag_commit("release/annotated").await.unwrap(), Some(sha('b')), "nested");
    assert_eq!(double.lines()[1], "GET /repos/o/r/git/ref/tags/release/annotated");
    assert_eq!(forge.tag_commit("absent").await.unwrap(), None);
    let fault = forge.tag_commit("tree").await.unwrap_err();
    assert!(fault.kind == FaultKind::Refused && fault.message.contains("names a tree"), "{fault}");
    assert_eq!(forge.tag_commit("knot").await.unwrap_err().kind, FaultKind::Refused, "a tag of itself ends");
}

#[tokio::test]
async fn checks_are_read_from_every_page_and_dispatched_ones_left_out() {
    let double = Double::start(|call| {
        let next = r#"<https://api.github.com/more?page=2>; rel="next", <https://x>; rel="last""#;
        let check = |id: u64, name: &str, suite: u64, status: &str, conclusion: Option<&str>| {
            json!({ "id": id, "name": name, "status": status, "conclusion": conclusion,
                    "details_url": null, "check_suite": { "id": suite }, "app": null })
        };
        let run = |id: u64, event: &str, suite: u64, status: &str| {
            json!({ "id": id, "event": event, "workflow_id": 3, "check_suite_id": suite, "head_branch": null,
                    "name": format!("workflow of {id}"), "status": status, "html_url": "https://x",
                    "created_at": "2026-11-23T09:00:00Z" })
        };
        let second = call.line.ends_with("page=2");
        if call.line.contains("/check-runs?filter=latest") {
            let deploy = check(2, "deploy", 70, "in_progress", None);
            let page = if second {
                vec![deploy, check(3, "lint", 10, "completed", Some("failure"))]
            } else {
                vec![check(1, "test", 10, "completed", Some("success"))]
            };
            let answer = Answer::new(200, json!({ "total_count": 3, "check_runs": page }));
            if second { answer } else { answer.with("link", next) }
        } else if call.line.contains("/actions/runs?head_sha=") {
            let page = if second {
                vec![run(8, "push", 10, "in_progress"), run(9, "push", 11, "completed")]
            } else {
                vec![run(7, "workflow_dispatch", 70, "in_progress")]
            };
            let answer = Answer::new(200, json!({ "total_count": 3, "workflow_runs": page }));
            if second { answer } else { answer.with("link", next) }
        } else {
            let state = if second { "pending" } else { "success" };
            let statuses = json!([{ "context": format!("status/{state}"), "state": state }]);
            let answer = Answer::new(200, json!({ "state": "pending", "statuses": statuses }));
            if second { answer } else { answer.with("link", next) }
        }
    })
    .await;
    let checks = forge(&double).checks(&sha('a')).await.unwrap();
    assert_eq!(
        checks,
        Checks {
            passed: vec!["status/success".to_owned(), "test".to_owned()],
            failed: vec!["lint".to_owned()],
            pending: vec!["status/pending".to_owned(), "workflow of 8".to_owned()],
        }
    );
    assert_eq!(double.calls().len(), 6);
}

#[tokio::test]
async fn a_list_that_never_ends_is_not_taken_for_complete() {
    let page = json!({ "total_count": 1, "check_runs": [] });
    let (double, forge) = always(Answer::new(200, page).with("link", r#"<https://x>; rel="next""#)).await;
    assert_eq!(forge.checks(&sha('a')).await.unwrap_err().kind, FaultKind::Unintelligible);
    assert_eq!(double.calls().len(), 20);
}
