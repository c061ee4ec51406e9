//! Credentials, limits, failures on demand, lost answers, the log and the control routes.

use crate::support::{OWNER, REPO, TOKEN, commit, config, crab, refusal, start};
use github_sim::{FailNext, GithubSim, PrimaryLimit, RouteKind, SecondaryLimit, StartError};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn only_known_tokens_are_let_in() {
    let fixture = start().await;
    let base = fixture.sim.base_uri();
    let stranger = crab(&fixture.sim, "other");
    let refused = stranger.repos(OWNER, REPO).get().await.unwrap_err();
    assert_eq!(refusal(&refused), (401, "Bad credentials".to_owned()));
    let anonymous = fixture.http.get(format!("{base}/repos/{OWNER}/{REPO}")).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let faceless = reqwest::get(format!("{base}/repos/{OWNER}/{REPO}")).await.unwrap();
    assert_eq!(faceless.status(), 403, "no user agent");
}

#[tokio::test]
async fn an_app_exchanges_its_web_token_for_an_installation_token() {
    let fixture = start().await;
    let base = fixture.sim.base_uri();
    let web_token = "header.payload.signature";
    let installation = format!("{base}/repos/{OWNER}/{REPO}/installation");
    assert_eq!(fixture.http.get(&installation).bearer_auth(TOKEN).send().await.unwrap().status(), 401);
    let found = fixture.http.get(&installation).bearer_auth(web_token).send().await.unwrap();
    let found: octocrab::models::Installation = found.json().await.unwrap();
    let url = found.access_tokens_url.unwrap();
    let exchange = async |token: &str| fixture.http.post(&url).bearer_auth(token).send().await.unwrap();
    assert_eq!(exchange("no-web-token").await.status(), 401);
    let answer = exchange(web_token).await;
    assert_eq!(answer.status(), 201);
    let answer: octocrab::models::InstallationToken = answer.json().await.unwrap();
    crab(&fixture.sim, &answer.token).repos(OWNER, REPO).get().await.unwrap();
    assert!(fixture.control().log().is_empty(), "tokens are not changes");
}

#[tokio::test]
async fn every_answer_carries_githubs_headers() {
    let fixture = start().await;
    for path in ["", "/releases/latest"] {
        let answer = fixture.get(path).await;
        for header in
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-github-request-id"]
        {
            assert!(answer.headers().contains_key(header), "{header} of {path}");
        }
    }
    let limits = fixture.crab.ratelimit().get().await.unwrap();
    assert_eq!(limits.rate.used, 2, "asking about the limit is not counted");
    let unknown = fixture.get("/no/such/route").await;
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.json::<Value>().await.unwrap()["message"], "Not Found");
}

#[tokio::test]
async fn limits_refuse_calls_in_githubs_way() {
    let fixture = start().await;
    fixture.sim.knobs().change(|knobs| knobs.primary_limit = PrimaryLimit { count: 1, reset_in_s: 60 });
    let primary = fixture.get("").await;
    assert_eq!(primary.status(), 403);
    assert_eq!(primary.headers()["x-ratelimit-remaining"], "0");
    let reset: i64 = primary.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert!(reset > jiff::Timestamp::now().as_second());
    let secondary = SecondaryLimit { count: 1, retry_after_s: Some(7), status: Some(429) };
    fixture.sim.knobs().change(|knobs| knobs.secondary_limit = secondary);
    let refused = fixture.get("").await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert!(refused.text().await.unwrap().contains("secondary rate limit"));
    assert_eq!(fixture.get("").await.status(), 200);
}

#[tokio::test]
async fn a_failure_comes_before_the_effect_and_a_lost_answer_after_it() {
    let fixture = start().await;
    commit(&fixture.control(), "main", &[("a", "1")]);
    let repository = fixture.crab.repos(OWNER, REPO);
    let releases = repository.releases();
    let fail = FailNext { count: 1, status: 503 };
    fixture.sim.knobs().change(|knobs| {
        knobs.fail_next.insert(RouteKind::CreateRelease, fail);
        knobs.lose_answer.insert(RouteKind::CreateRelease, 1);
    });
    assert_eq!(refusal(&releases.create("1.0.0").send().await.unwrap_err()).0, 503);
    assert_eq!(refusal(&releases.get_by_tag("1.0.0").await.unwrap_err()).0, 404, "no effect");
    assert!(fixture.control().log().is_empty());

    releases.create("1.0.0").send().await.unwrap_err();
    releases.get_by_tag("1.0.0").await.unwrap();
    assert_eq!(refusal(&releases.create("1.0.0").send().await.unwrap_err()).0, 422);
    let log = fixture.control().log();
    let seen: Vec<_> =
        log.iter().map(|call| (call.sequence, call.kind, call.status, call.answered)).collect();
    let kind = RouteKind::CreateRelease;
    assert_eq!(seen, [(1, kind, 201, false), (2, kind, 422, true)]);
    assert_eq!((log[0].subject.as_str(), log[1].subject.as_str()), ("1.0.0", ""));
}

#[tokio::test]
async fn other_processes_control_it_over_http() {
    let fixture = start().await;
    let call = async |method: Method, path: &str, body: Value| {
        let answer = fixture.request(method, path).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };
    let spec = json!({ "owner": "other", "name": "repo", "image_repository": "images/other" });
    assert_eq!(call(Method::POST, "/_sim/repositories", spec.clone()).await.0, 201);
    assert_eq!(call(Method::POST, "/_sim/repositories", spec).await.0, 422);
    let change = json!({ "branch": "main", "changes": { "a": "1" }, "message": "First", "author": "dev" });
    let (status, made) = call(Method::POST, "/_sim/repos/other/repo/commits", change).await;
    assert_eq!((status, made["sha"].as_str().unwrap().len()), (201, 40));
    let check = json!({ "commit": "main", "name": "test", "status": "completed", "conclusion": "success" });
    assert_eq!(call(Method::POST, "/_sim/repos/other/repo/checks", check).await.0, 201);
    let tag = json!({ "tag": "v1", "target": "main" });
    assert_eq!(call(Method::POST, "/_sim/repos/other/repo/annotated-tags", tag).await.0, 201);
    let release = json!({ "tag_name": "v1", "prerelease": true });
    assert_eq!(call(Method::POST, "/_sim/repos/other/repo/releases", release).await.0, 201);
    assert_eq!(call(Method::DELETE, "/_sim/repos/other/repo/releases/v1", json!({})).await.0, 204);
    assert_eq!(call(Method::DELETE, "/_sim/repos/other/repo/tags/v1", json!({})).await.0, 204);
    let (_, builds) = call(Method::GET, "/_sim/repos/other/repo/builds", json!({})).await;
    assert_eq!(builds, json!({ "started": 0, "pushed": 0 }));
    let (status, knobs) = call(Method::PUT, "/_sim/knobs", json!({ "build_delay_ms": 7 })).await;
    assert_eq!((status, &knobs["build_delay_ms"]), (200, &json!(7)));
    assert_eq!(call(Method::GET, "/_sim/knobs", json!({})).await.1, knobs);
    assert_eq!(call(Method::PUT, "/_sim/knobs", json!({ "speed": 7 })).await.0, 422);
    assert_eq!(call(Method::GET, "/_sim/log", json!({})).await, (200, json!([])));
}

#[tokio::test]
async fn a_start_that_cannot_succeed_says_what_to_do() {
    let fixture = start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut taken = config(folder.path(), "127.0.0.1:1");
    taken.listen = fixture.sim.base_uri().trim_start_matches("http://").parse().unwrap();
    let error = GithubSim::start(taken).await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
    let mut missing = config(folder.path(), "127.0.0.1:1");
    missing.sample_app = folder.path().join("nothing");
    let error = GithubSim::start(missing).await.unwrap_err();
    assert!(error.to_string().contains("cargo build -p sample-app"), "{error}");
    let damaged = config(folder.path(), "127.0.0.1:1");
    std::fs::write(folder.path().join("github.json"), "{").unwrap();
    let error = GithubSim::start(damaged).await.unwrap_err();
    assert!(error.to_string().contains("github.json"), "{error}");
}
