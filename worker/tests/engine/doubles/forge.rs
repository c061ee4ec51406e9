//! The forge: one commit on the default branch with passed checks, builds that end when a test lets them, and
//! the releases that were made. A run is listed from the moment it is dispatched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::faults::Service;
use lockstep::ports::{
    Answer, BuildRun, BuildStatus, Checks, Clock, Dispatch, Forge, NewRelease, Release, ReleaseChange,
};
use lockstep_events::{CommitSha, DeploymentId, ImageDigest};

use super::{FakeRegistry, HandClock, Wire};

/// The commit of the default branch.
const COMMIT: &str = "abcdef0123456789abcdef0123456789abcdef01";

/// What builds push.
const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

struct Run {
    id: u64,
    deployment: String,
    created_at: Timestamp,
}

#[derive(Default)]
struct Repository {
    runs: Vec<Run>,
    releases: Vec<Release>,
    latest: Option<Release>,
    tags: BTreeMap<String, CommitSha>,
    builds_held: bool,
}

/// The forge.
pub(crate) struct FakeForge {
    wire: Arc<Wire>,
    clock: Arc<HandClock>,
    registry: Arc<FakeRegistry>,
    repository: Mutex<Repository>,
}

impl FakeForge {
    pub(crate) fn new(wire: Arc<Wire>, clock: Arc<HandClock>, registry: Arc<FakeRegistry>) -> Self {
        Self { wire, clock, registry, repository: Mutex::default() }
    }

    /// From now on, builds run and do not end (or do again).
    pub(crate) fn hold_builds(&self, held: bool) {
        self.repository.lock().unwrap().builds_held = held;
    }

    /// How many builds were really started.
    pub(crate) fn builds(&self) -> usize {
        self.repository.lock().unwrap().runs.len()
    }

    /// This is the latest release.
    pub(crate) fn has_latest(&self, tag: &str) {
        let (tag, url) = (tag.to_owned(), format!("https://forge.test/releases/{tag}"));
        let latest = Release { id: 99, tag, prerelease: false, draft: false, body: String::new(), url };
        self.repository.lock().unwrap().latest = Some(latest);
    }

    /// Somebody else deletes every release, and keeps the tags.
    pub(crate) fn delete_releases(&self) {
        self.repository.lock().unwrap().releases.clear();
    }

    fn start(&self, dispatch: &Dispatch) -> Option<u64> {
        let input = |name: &str| dispatch.inputs.iter().find(|(key, _)| key == name).unwrap().1.clone();
        self.registry.push(&input("image_tag"), DIGEST.parse::<ImageDigest>().unwrap());
        let mut repository = self.repository.lock().unwrap();
        let id = 100 + u64::try_from(repository.runs.len()).unwrap();
        let deployment = input("deployment_id");
        repository.runs.push(Run { id, deployment, created_at: self.clock.now() });
        Some(id)
    }

    fn look(&self, wanted: impl Fn(&Run) -> bool) -> Option<BuildRun> {
        let repository = self.repository.lock().unwrap();
        let run = repository.runs.iter().find(|run| wanted(run))?;
        Some(BuildRun {
            id: run.id,
            attempt: 1,
            status: if repository.builds_held {
                BuildStatus::Running("in_progress".to_owned())
            } else {
                BuildStatus::Finished("success".to_owned())
            },
            url: format!("https://forge.test/runs/{}", run.id),
        })
    }

    fn create(&self, new: &NewRelease) -> Release {
        let mut repository = self.repository.lock().unwrap();
        let release = Release {
            id: 1 + u64::try_from(repository.releases.len()).unwrap(),
            tag: new.tag.clone(),
            prerelease: new.prerelease,
            draft: false,
            body: new.preface.clone(),
            url: format!("https://forge.test/releases/{}", new.tag),
        };
        repository.releases.push(release.clone());
        repository.tags.entry(new.tag.clone()).or_insert(new.commit.clone());
        release
    }

    async fn ask<T>(&self, operation: &'static str, effect: impl FnOnce() -> T + Send) -> Answer<T> {
        self.wire.send(Service::GitHub, operation, effect).await
    }
}

#[async_trait]
impl Forge for FakeForge {
    async fn default_branch(&self) -> Answer<String> {
        self.ask("default_branch", || "main".to_owned()).await
    }

    async fn resolve(&self, _: &str) -> Answer<Option<CommitSha>> {
        self.ask("resolve_reference", || COMMIT.parse().ok()).await
    }

    async fn is_on_branch(&self, _: &CommitSha, _: &str) -> Answer<bool> {
        self.ask("is_on_branch", || true).await
    }

    async fn checks(&self, _: &CommitSha) -> Answer<Checks> {
        self.ask("checks", || Checks { passed: vec!["test".to_owned()], ..Checks::default() }).await
    }

    async fn file(&self, _: &str, _: &CommitSha) -> Answer<Option<String>> {
        self.ask("file", || Some("[package]\nversion = \"0.2.0\"\n".to_owned())).await
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        self.ask("dispatch", || self.start(dispatch)).await
    }

    async fn find_run(&self, _: &str, id: DeploymentId, since: Timestamp) -> Answer<Option<BuildRun>> {
        let wanted = |run: &Run| run.deployment == id.to_string() && run.created_at >= since;
        self.ask("find_run", || self.look(wanted)).await
    }

    async fn run(&self, id: u64) -> Answer<Option<BuildRun>> {
        self.ask("run", || self.look(|run| run.id == id)).await
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        self.ask("tag_commit", || self.repository.lock().unwrap().tags.get(tag).cloned()).await
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        let find = || self.repository.lock().unwrap().releases.iter().find(|r| r.tag == tag).cloned();
        self.ask("release", find).await
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        self.ask("latest_release", || self.repository.lock().unwrap().latest.clone()).await
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        self.ask("create_release", || self.create(new)).await
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        let apply = || {
            let mut repository = self.repository.lock().unwrap();
            let release = repository.releases.iter_mut().find(|release| release.id == id);
            if let (Some(release), Some(body)) = (release, &change.body) {
                release.body.clone_from(body);
            }
        };
        self.ask("change_release", apply).await
    }
}
