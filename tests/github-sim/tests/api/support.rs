//! What the tests share: a simulator of their own with one repository, and an octocrab client for it.
//!
//! Everything listens on 127.0.0.1 with a free port, so that tests run side by side.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ferro_blob_store::InMemoryBlobStore;
use github_sim::{CommitSpec, Config, Control, GithubSim, Knobs, RegistryAuth, RepositorySpec};
use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use serde_json::Value;

pub(crate) const OWNER: &str = "acme";
pub(crate) const REPO: &str = "app";
pub(crate) const TOKEN: &str = "test-token";
const DEADLINE: Duration = Duration::from_secs(60);

/// A simulator with one repository, and its folder.
pub(crate) struct Fixture {
    pub(crate) sim: GithubSim,
    pub(crate) crab: Octocrab,
    pub(crate) http: reqwest::Client,
    pub(crate) folder: tempfile::TempDir,
}

impl Fixture {
    /// Clients for a simulator that runs already.
    pub(crate) fn over(sim: GithubSim, folder: tempfile::TempDir) -> Self {
        Self { crab: crab(&sim, TOKEN), http: client(), sim, folder }
    }

    pub(crate) fn control(&self) -> Control {
        self.sim.control()
    }

    /// The raw answer of a GET below the repository.
    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, &format!("/repos/{OWNER}/{REPO}{path}")).send().await.unwrap()
    }

    /// The JSON of a GET below the repository that must succeed.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Status and JSON of a POST below the repository; the JSON is null when there is no body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.request(reqwest::Method::POST, &format!("/repos/{OWNER}/{REPO}{path}"));
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// A request with credentials.
    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.sim.base_uri())).bearer_auth(TOKEN)
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().user_agent("test").build().unwrap()
}

/// A configuration whose state and program lie in `folder`.
pub(crate) fn config(folder: &Path, registry: &str) -> Config {
    let program = folder.join("program");
    std::fs::write(&program, "#!/bin/sh\necho sample\n").unwrap();
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        state_file: Some(folder.join("github.json")),
        registry: registry.to_owned(),
        registry_auth: RegistryAuth::Anonymous,
        sample_app: program,
        tokens: vec![TOKEN.to_owned()],
        knobs: Knobs { queue_delay_ms: 0, build_delay_ms: 0, ..Knobs::default() },
    }
}

/// A simulator without a registry behind it.
pub(crate) async fn start() -> Fixture {
    start_with("127.0.0.1:1").await
}

/// A simulator whose builds push to `registry`.
pub(crate) async fn start_with(registry: &str) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let sim = GithubSim::start(config(folder.path(), registry)).await.unwrap();
    sim.control().create_repository(RepositorySpec::new(OWNER, REPO)).unwrap();
    Fixture::over(sim, folder)
}

/// An octocrab client with this token, which repeats nothing by itself.
pub(crate) fn crab(sim: &GithubSim, token: &str) -> Octocrab {
    Octocrab::builder()
        .base_uri(sim.base_uri())
        .unwrap()
        .personal_token(token)
        .add_retry_config(RetryConfig::None)
        .build()
        .unwrap()
}

/// An image registry in memory; the answer is its `host:port`.
pub(crate) async fn registry() -> String {
    let app = ferro_oci_server::build_app(Arc::new(InMemoryBlobStore::new()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Commits files on a branch.
pub(crate) fn commit(control: &Control, branch: &str, files: &[(&str, &str)]) -> String {
    let changes: BTreeMap<String, Option<String>> =
        files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect();
    let message = format!("Change {}", files.iter().map(|(path, _)| *path).collect::<Vec<_>>().join(", "));
    let spec = CommitSpec { branch: branch.to_owned(), changes, message, author: "dev".to_owned() };
    control.commit(OWNER, REPO, spec).unwrap()
}

/// Asks again until `done` gives an answer.
pub(crate) async fn until<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = done().await {
            return answer;
        }
        assert!(begun.elapsed() < DEADLINE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Status code and message of a refusal as octocrab reports it.
pub(crate) fn refusal(error: &octocrab::Error) -> (u16, String) {
    match error {
        octocrab::Error::GitHub { source, .. } => (source.status_code.as_u16(), source.message.clone()),
        other => panic!("not a refusal by GitHub: {other:?}"),
    }
}
