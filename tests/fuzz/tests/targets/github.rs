//! What GitHub (or a proxy before it) answers, through the real octocrab. A change is sent once whatever the
//! answer is, a refusal is a fault in GitHub's words, and the token is never shown, also when it is echoed.

use std::time::Duration;

use fuzz_targets::{Answer, SECRET, Server, check_discreet, check_fault};
use jiff::Timestamp;
use lockstep::adapters::github::{GitHubAuth, GitHubForge, GitHubSettings};
use lockstep::faults::{Fault, Service};
use lockstep::ports::{BuildStatus, Dispatch, Forge, NewRelease, ReleaseChange};
use lockstep_events::CommitSha;

use crate::{runtime, target};

#[test]
fn github_answers() {
    let runtime = runtime();
    let (server, forge) = runtime.block_on(async {
        let server = Server::start().await;
        let settings = GitHubSettings {
            api_url: format!("http://{}", server.authority()),
            owner: "o".to_owned(),
            repository: "r".to_owned(),
            auth: GitHubAuth::Token(SECRET.into()),
            call_timeout: Duration::from_secs(5),
        };
        (server, GitHubForge::new(settings).unwrap())
    });
    target!("github_answers", "github", |answer: &Answer| {
        runtime.block_on(async {
            reads(&server, &forge, answer).await;
            changes(&server, &forge, answer).await;
        });
    });
}

async fn reads(server: &Server, forge: &GitHubForge, answer: &Answer) {
    let commit: CommitSha = "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap();
    let deployment = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let refused = answer.status.is_none_or(|status| !(200..300).contains(&status));
    server.set(answer);
    assert!(checked(forge.default_branch().await).is_none_or(|_| !refused), "{answer:?}");
    if let Some(Some(found)) = checked(forge.resolve("main").await) {
        assert!(!refused && answer.text().contains(found.as_str()), "a commit that GitHub never named");
    }
    checked(forge.is_on_branch(&commit, "main").await);
    if let Some(checks) = checked(forge.checks(&commit).await) {
        assert!(!refused, "a refusal passed for {checks:?}");
        let mut all = [checks.passed, checks.failed, checks.pending].concat();
        let names = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), names, "a check has two results at once");
    }
    checked(forge.file("version.toml", &commit).await);
    checked(forge.tag_commit("0.1.0").await);
    checked(forge.release("0.1.0").await);
    checked(forge.latest_release().await);
    if let Some(Some(run)) = checked(forge.run(7).await)
        && run.status == BuildStatus::Finished("success".to_owned())
    {
        assert!(answer.text().contains("success") && answer.text().contains("completed"), "{run:?}");
    }
    checked(forge.workflow_run(7).await);
    checked(forge.reviews(7).await);
    checked(forge.review_rules("production").await);
    server.set(answer);
    checked(forge.find_run("build.yml", "main", deployment, &commit, Timestamp::MIN).await);
    assert!(server.requests().len() <= 20, "page after page: {}", server.requests().len());
}

async fn changes(server: &Server, forge: &GitHubForge, answer: &Answer) {
    let commit: CommitSha = "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap();
    let refused = answer.status.is_none_or(|status| !(200..300).contains(&status));
    server.set(answer);
    let dispatch = Dispatch {
        workflow: "build.yml".to_owned(),
        reference: "main".to_owned(),
        inputs: vec![("commit".to_owned(), commit.to_string())],
    };
    let dispatched = checked(forge.dispatch(&dispatch).await);
    assert!(dispatched.is_none() || !refused, "a refusal started a build: {answer:?}");
    sent_once(server, "POST");
    server.set(answer);
    let new = NewRelease {
        tag: "0.1.0".to_owned(),
        commit,
        prerelease: true,
        make_latest: false,
        preface: "by hand".to_owned(),
    };
    let created = checked(forge.create_release(&new).await);
    assert!(created.is_none() || !refused, "a refusal made a release: {answer:?}");
    sent_once(server, "POST");
    server.set(answer);
    let change = ReleaseChange { make_latest: Some(true), body: None };
    let changed = checked(forge.change_release(7, &change).await);
    assert!(changed.is_none() || !refused, "a refusal changed a release: {answer:?}");
    sent_once(server, "PATCH");
}

/// Only the engine may repeat a change.
fn sent_once(server: &Server, method: &str) {
    let requests = server.requests();
    let changes = requests.iter().filter(|request| request.method == method).count();
    assert_eq!((changes, requests.len()), (1, 1), "{requests:?}");
}

fn checked<T>(answer: Result<T, Fault>) -> Option<T> {
    answer
        .map_err(|fault| {
            check_fault(&fault, Service::GitHub);
            check_discreet(&fault);
        })
        .ok()
}
