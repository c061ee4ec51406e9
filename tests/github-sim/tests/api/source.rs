//! Reading the source through octocrab: repository, commits, comparisons, files, references, tags.

use crate::support::{OWNER, REPO, commit, refusal, start};
use octocrab::models::commits::GithubCommitStatus;
use octocrab::models::repos::Object;
use octocrab::params::repos::Reference;
use serde_json::json;

#[tokio::test]
async fn the_repository_says_its_default_branch() {
    let fixture = start().await;
    let repository = fixture.crab.repos(OWNER, REPO).get().await.unwrap();
    assert_eq!(repository.default_branch.as_deref(), Some("main"));
    assert_eq!(repository.full_name.as_deref(), Some("acme/app"));
    let missing = fixture.crab.repos(OWNER, "other").get().await.unwrap_err();
    assert_eq!(refusal(&missing), (404, "Not Found".to_owned()));
}

#[tokio::test]
async fn commits_are_found_by_branch_tag_and_hash() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a.txt", "one\ntwo\n")]);
    fixture.control().annotated_tag(OWNER, REPO, "v1", "main", "first").unwrap();
    for name in ["main", "heads/main", "v1", &sha[..8], &sha] {
        let found = fixture.crab.commits(OWNER, REPO).get(name).await.unwrap();
        assert_eq!(found.sha, sha, "{name}");
        assert_eq!(found.files.unwrap()[0].additions, 2);
    }
    let unknown = fixture.crab.commits(OWNER, REPO).get("nowhere").await.unwrap_err();
    assert_eq!(refusal(&unknown), (422, "No commit found for SHA: nowhere".to_owned()));
    let path = format!("/repos/{OWNER}/{REPO}/commits/main");
    let request = fixture.request(reqwest::Method::GET, &path);
    let answer = request.header("accept", "application/vnd.github.sha").send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), sha);
}

#[tokio::test]
async fn comparisons_tell_whether_a_commit_is_on_main() {
    let fixture = start().await;
    let control = fixture.control();
    let old = commit(&control, "main", &[("a", "1")]);
    let topic = commit(&control, "topic/x", &[("b", "2")]);
    let new = commit(&control, "main", &[("a", "3")]);
    let compare = async |base: &str, head: &str| {
        let found = fixture.crab.commits(OWNER, REPO).compare(base, head).send().await.unwrap();
        (found.status, found.ahead_by, found.behind_by, found.merge_base_commit.sha)
    };
    let found = compare("main", &old).await;
    assert!(matches!(found.0, GithubCommitStatus::Behind), "{found:?}");
    assert_eq!((found.1, found.2, &found.3), (0, 1, &old));
    assert!(matches!(compare("main", &new).await.0, GithubCommitStatus::Identical));
    assert!(matches!(compare(&old, "main").await.0, GithubCommitStatus::Ahead));
    let found = compare("main", "topic/x").await;
    assert!(matches!(found.0, GithubCommitStatus::Diverged), "{found:?}");
    assert_eq!(found.3, old);
    let unknown = fixture.crab.commits(OWNER, REPO).compare("main", "nowhere").send().await.unwrap_err();
    assert_eq!(refusal(&unknown).0, 404);
    let listed = fixture.crab.commits(OWNER, REPO).compare(&old, &topic).send().await.unwrap();
    assert_eq!(listed.commits.len(), 1);
}

#[tokio::test]
async fn files_come_encoded_raw_or_as_a_folder() {
    let fixture = start().await;
    let manifest = format!("[package]\nversion = \"0.1.0\"\n# {}\n", "long ".repeat(40));
    let old =
        commit(&fixture.control(), "main", &[("apps/server/Cargo.toml", &manifest), ("README.md", "hi")]);
    commit(&fixture.control(), "main", &[("apps/server/Cargo.toml", "changed")]);
    let get = async |path: &str, at: &str| {
        fixture.crab.repos(OWNER, REPO).get_content().path(path).r#ref(at).send().await
    };
    let mut found = get("apps/server/Cargo.toml", &old).await.unwrap();
    let file = found.take_items().remove(0);
    assert!(file.content.as_ref().unwrap().contains('\n'), "GitHub breaks the lines");
    assert_eq!(file.decoded_content().unwrap(), manifest);
    let folder = get("apps", "main").await.unwrap().take_items();
    assert_eq!((folder.len(), folder[0].name.as_str(), folder[0].r#type.as_str()), (1, "server", "dir"));
    assert_eq!(refusal(&get("nothing", "main").await.unwrap_err()), (404, "Not Found".to_owned()));
    assert_eq!(
        refusal(&get("README.md", "nowhere").await.unwrap_err()),
        (404, "No commit found for the ref nowhere".to_owned())
    );
    let path = format!("/repos/{OWNER}/{REPO}/contents/README.md?ref={old}");
    let raw =
        fixture.request(reqwest::Method::GET, &path).header("accept", "application/vnd.github.raw+json");
    assert_eq!(raw.send().await.unwrap().text().await.unwrap(), "hi");
}

#[tokio::test]
async fn references_are_created_moved_and_deleted() {
    let fixture = start().await;
    let old = commit(&fixture.control(), "main", &[("a", "1")]);
    let new = commit(&fixture.control(), "main", &[("a", "2")]);
    let git = fixture.crab.git(OWNER, REPO);
    let tag = Reference::Tag("1.0.0".to_owned());
    assert_eq!(refusal(&git.get_ref(&tag).await.unwrap_err()).0, 404);
    let made = git.create_ref(&tag, &old).await.unwrap();
    assert!(matches!(&made.object, Object::Commit { sha, .. } if *sha == old), "{made:?}");
    assert_eq!(
        refusal(&git.create_ref(&tag, &new).await.unwrap_err()),
        (422, "Reference already exists".to_owned())
    );
    assert_eq!(git.get_ref(&tag).await.unwrap(), made);
    let back = git.update_ref(&Reference::Branch("main".to_owned()), &old).send().await.unwrap_err();
    assert_eq!(refusal(&back), (422, "Update is not a fast forward".to_owned()));
    git.update_ref(&tag, &new).send().await.unwrap();
    let matching = git.list_matching_refs("tags/1.").await.unwrap();
    assert_eq!(
        matching.iter().map(|found| found.ref_field.as_str()).collect::<Vec<_>>(),
        ["refs/tags/1.0.0"]
    );
    assert_eq!(fixture.json("/git/refs").await.as_array().unwrap().len(), 2);
    git.delete_ref(&tag).await.unwrap();
    assert_eq!(refusal(&git.get_ref(&tag).await.unwrap_err()).0, 404);
}

#[tokio::test]
async fn annotated_tags_lead_to_their_commit_in_steps() {
    let fixture = start().await;
    let sha = commit(&fixture.control(), "main", &[("a", "1")]);
    let body = json!({ "tag": "1.0.0", "message": "first", "object": sha, "type": "commit" });
    let (status, made) = fixture.post("/git/tags", &body).await;
    assert_eq!(status, 201);
    let tag_sha = made["sha"].as_str().unwrap();
    fixture.control().annotated_tag(OWNER, REPO, "1.0.0", tag_sha, "nested").unwrap();
    let git = fixture.crab.git(OWNER, REPO);
    let reference = git.get_ref(&Reference::Tag("1.0.0".to_owned())).await.unwrap();
    let Object::Tag { sha: outer, .. } = reference.object else { panic!("not annotated: {reference:?}") };
    let outer = git.get_tag(outer).await.unwrap().object.unwrap();
    assert_eq!((outer.sha.as_str(), outer.r#type.as_str()), (tag_sha, "tag"));
    let inner = git.get_tag(outer.sha).await.unwrap().object.unwrap();
    assert_eq!((inner.sha, inner.r#type), (sha, "commit".to_owned()));
    assert_eq!(refusal(&git.get_tag("00").await.unwrap_err()).0, 404);
}
