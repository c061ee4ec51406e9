//! Releases through octocrab: creating, finding, changing, removing, and which one is the latest.

use crate::support::{OWNER, REPO, commit, refusal, start};
use octocrab::repos::releases::MakeLatest;
use serde_json::json;

#[tokio::test]
async fn a_prerelease_is_created_with_generated_notes_and_its_tag() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    let tag = "0.1.0-abcdef0.beta";
    let body = json!({
        "tag_name": tag,
        "target_commitish": sha,
        "prerelease": true,
        "make_latest": "false",
        "generate_release_notes": true,
        "body": "Built by deployment d-1.",
    });
    let (status, made) = fixture.post("/releases", &body).await;
    assert_eq!(status, 201, "{made}");
    let handler = fixture.crab.repos(OWNER, REPO);
    let found = handler.releases().get_by_tag(tag).await.unwrap();
    assert_eq!(found.id.0, made["id"].as_u64().unwrap());
    assert!(found.prerelease && !found.draft);
    let notes = found.body.unwrap();
    assert!(notes.starts_with("Built by deployment d-1.\n\n") && notes.contains("Full Changelog"), "{notes}");
    assert_eq!(fixture.control().resolve(OWNER, REPO, tag).unwrap(), sha);
    assert_eq!(refusal(&handler.releases().get_latest().await.unwrap_err()), (404, "Not Found".to_owned()));
}

#[tokio::test]
async fn a_second_release_of_a_tag_is_refused_as_github_does() {
    let fixture = start().await;
    commit(&fixture.control(), "main", &[("a", "1")]);
    let handler = fixture.crab.repos(OWNER, REPO);
    handler.releases().create("1.0.0").send().await.unwrap();
    let (status, refused) = fixture.post("/releases", &json!({ "tag_name": "1.0.0" })).await;
    assert_eq!(status, 422);
    assert_eq!(refused["message"], "Validation Failed");
    assert_eq!(
        refused["errors"],
        json!([{ "resource": "Release", "code": "already_exists", "field": "tag_name" }])
    );
    assert!(refused["documentation_url"].is_string());
    let elsewhere = handler.releases().create("2.0.0").target_commitish("nowhere").send().await.unwrap_err();
    assert_eq!(refusal(&elsewhere), (422, "Validation Failed".to_owned()));
    let (status, _) = fixture.post("/releases", &json!({ "name": "no tag" })).await;
    assert_eq!(status, 422);
    let broken = fixture.request(reqwest::Method::POST, &format!("/repos/{OWNER}/{REPO}/releases"));
    let broken = broken.body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
}

#[tokio::test]
async fn an_existing_tag_wins_over_the_target() {
    let fixture = start().await;
    let old = commit(&fixture.control(), "main", &[("a", "1")]);
    let new = commit(&fixture.control(), "main", &[("a", "2")]);
    fixture.control().tag(OWNER, REPO, "1.0.0", &old).unwrap();
    let handler = fixture.crab.repos(OWNER, REPO);
    let made = handler.releases().create("1.0.0").target_commitish(&new).send().await.unwrap();
    assert_eq!(made.target_commitish, new);
    assert_eq!(fixture.control().resolve(OWNER, REPO, "1.0.0").unwrap(), old);
}

#[tokio::test]
async fn latest_moves_forward_and_back() {
    let fixture = start().await;
    commit(&fixture.control(), "main", &[("a", "1")]);
    let handler = fixture.crab.repos(OWNER, REPO);
    let releases = handler.releases();
    let latest = async || releases.get_latest().await.unwrap().tag_name;
    let first = releases.create("1.0.0").send().await.unwrap();
    let second = releases.create("1.1.0").make_latest(MakeLatest::True).send().await.unwrap();
    assert_eq!(latest().await, "1.1.0");
    releases.update(first.id.0).make_latest(MakeLatest::True).send().await.unwrap();
    assert_eq!(latest().await, "1.0.0");
    let noted = releases.update(second.id.0).body("rolled back").send().await.unwrap();
    assert_eq!(noted.body.as_deref(), Some("rolled back"));
    assert_eq!(latest().await, "1.0.0");
    let wrong = releases.create("2.0.0").prerelease(true).make_latest(MakeLatest::True).send().await;
    assert_eq!(refusal(&wrong.unwrap_err()).0, 422);
    releases.delete(first.id.0).await.unwrap();
    assert_eq!(latest().await, "1.1.0");
    assert_eq!(refusal(&releases.get(first.id.0).await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn listings_are_paged_newest_first() {
    let fixture = start().await;
    commit(&fixture.control(), "main", &[("a", "1")]);
    let handler = fixture.crab.repos(OWNER, REPO);
    for number in 0..5 {
        handler.releases().create(&format!("1.{number}.0")).send().await.unwrap();
    }
    let page = handler.releases().list().per_page(2).send().await.unwrap();
    assert_eq!(page.number_of_pages(), Some(3));
    let all = fixture.crab.all_pages(page).await.unwrap();
    let tags: Vec<&str> = all.iter().map(|release| release.tag_name.as_str()).collect();
    assert_eq!(tags, ["1.4.0", "1.3.0", "1.2.0", "1.1.0", "1.0.0"]);
}

#[tokio::test]
async fn notes_can_be_generated_without_a_release() {
    let fixture = start().await;
    commit(&fixture.control(), "main", &[("a", "1")]);
    let handler = fixture.crab.repos(OWNER, REPO);
    handler.releases().create("1.0.0").send().await.unwrap();
    commit(&fixture.control(), "main", &[("b", "2")]);
    let notes = handler.releases().generate_release_notes("1.1.0").send().await.unwrap();
    assert_eq!(notes.name, "1.1.0");
    assert!(notes.body.contains("* Change b by @dev") && !notes.body.contains("Change a"), "{}", notes.body);
    assert_eq!(handler.releases().list().send().await.unwrap().items.len(), 1);
}
