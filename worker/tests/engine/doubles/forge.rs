//! The forge: one commit on the default branch with passed checks, builds that end when a test lets them, and
//! the releases that were made. A run is listed from the moment it is dispatched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::faults::Service;
use lockstep::ports::{
    Answer, BuildRun, BuildStatus, Checks, Clock, Dispatch, Forge, NewRelease, Release, ReleaseChange,
    ReviewRules, RunReview, WorkflowRun,
};
use lockstep_events::{CommitSha, DeploymentId, ImageDigest};

use super::{FakeRegistry, HandClock, Wire};

/// The commit of the default branch.
pub(crate) const COMMIT: &str = "abcdef0123456789abcdef0123456789abcdef01";

/// What builds push.
pub(crate) const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

struct Run {
    id: u64,
    deployment: String,
    commit: String,
    branch: String,
    created_at: Timestamp,
}

struct Repository {
    runs: Vec<Run>,
    releases: Vec<Release>,
    latest: Option<u64>,
    tags: BTreeMap<String, CommitSha>,
    builds_held: bool,
    conclusion: String,
    off_branch: Vec<CommitSha>,
    known: bool,
    checks: Checks,
    version_file: Option<String>,
    asking: Vec<WorkflowRun>,
    reviews: BTreeMap<u64, Vec<RunReview>>,
    environments: BTreeMap<String, ReviewRules>,
}

impl Default for Repository {
    fn default() -> Self {
        Self {
            runs: Vec::new(),
            releases: Vec::new(),
            latest: None,
            tags: BTreeMap::new(),
            builds_held: false,
            conclusion: "success".to_owned(),
            off_branch: Vec::new(),
            known: true,
            checks: Checks { passed: vec!["test".to_owned()], ..Checks::default() },
            version_file: Some("[package]\nversion = \"0.2.0\"\n".to_owned()),
            asking: Vec::new(),
            reviews: BTreeMap::new(),
            environments: BTreeMap::new(),
        }
    }
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

    /// From now on, builds end like this.
    pub(crate) fn conclude_builds(&self, conclusion: &str) {
        self.repository.lock().unwrap().conclusion = conclusion.to_owned();
    }

    /// No reference names a commit.
    pub(crate) fn forget_references(&self) {
        self.repository.lock().unwrap().known = false;
    }

    /// The checks of every commit.
    pub(crate) fn set_checks(&self, checks: Checks) {
        self.repository.lock().unwrap().checks = checks;
    }

    /// The file that holds the version.
    pub(crate) fn set_version_file(&self, content: Option<&str>) {
        self.repository.lock().unwrap().version_file = content.map(str::to_owned);
    }

    /// A release that somebody made, with its tag.
    pub(crate) fn put_release(&self, tag: &str, prerelease: bool, commit: &CommitSha) {
        let preface = "made by hand".to_owned();
        self.create(&NewRelease {
            tag: tag.to_owned(),
            commit: commit.clone(),
            prerelease,
            make_latest: false,
            preface,
        });
    }

    /// Somebody makes a release the latest.
    pub(crate) fn make_latest(&self, tag: &str) {
        let mut repository = self.repository.lock().unwrap();
        repository.latest = repository.releases.iter().find(|r| r.tag == tag).map(|r| r.id);
    }

    /// Changes a release by hand.
    pub(crate) fn edit_release(&self, tag: &str, edit: impl FnOnce(&mut Release)) {
        let mut repository = self.repository.lock().unwrap();
        edit(repository.releases.iter_mut().find(|release| release.tag == tag).unwrap());
    }

    /// The releases, by tag.
    pub(crate) fn release_of(&self, tag: &str) -> Option<Release> {
        self.repository.lock().unwrap().releases.iter().find(|release| release.tag == tag).cloned()
    }

    /// The tag of the latest release.
    pub(crate) fn latest(&self) -> Option<String> {
        let repository = self.repository.lock().unwrap();
        let latest = repository.releases.iter().find(|release| Some(release.id) == repository.latest);
        latest.map(|release| release.tag.clone())
    }

    /// Moves a git tag, or deletes it.
    pub(crate) fn put_tag(&self, tag: &str, commit: Option<&str>) {
        let mut repository = self.repository.lock().unwrap();
        match commit {
            Some(commit) => repository.tags.insert(tag.to_owned(), commit.parse().unwrap()),
            None => repository.tags.remove(tag),
        };
    }

    /// Deletes a release, and keeps its tag.
    pub(crate) fn delete_release(&self, tag: &str) {
        self.repository.lock().unwrap().releases.retain(|release| release.tag != tag);
    }

    /// Somebody else deletes every release, and keeps the tags.
    pub(crate) fn delete_releases(&self) {
        self.repository.lock().unwrap().releases.clear();
    }

    /// From now on, checks run and do not end (or have ended).
    pub(crate) fn hold_checks(&self, held: bool) {
        let (test, none) = (vec!["test".to_owned()], Vec::new);
        let (passed, pending) = if held { (none(), test) } else { (test, none()) };
        self.set_checks(Checks { passed, pending, ..Checks::default() });
    }

    /// A workflow's run, in place of the one with its id.
    pub(crate) fn put_run(&self, run: WorkflowRun) {
        let mut repository = self.repository.lock().unwrap();
        repository.asking.retain(|known| known.id != run.id);
        repository.asking.push(run);
    }

    /// The reviews of a run.
    pub(crate) fn put_reviews(&self, run: u64, reviews: Vec<RunReview>) {
        self.repository.lock().unwrap().reviews.insert(run, reviews);
    }

    /// An environment with its rules.
    pub(crate) fn put_environment(&self, name: &str, rules: ReviewRules) {
        self.repository.lock().unwrap().environments.insert(name.to_owned(), rules);
    }

    /// A commit that is not on the default branch.
    pub(crate) fn put_off_branch(&self, commit: CommitSha) {
        self.repository.lock().unwrap().off_branch.push(commit);
    }

    /// Somebody dispatches the build workflow by hand as a branch has it, with this deployment's id and any commit. It pushes
    /// nothing.
    pub(crate) fn build_by_hand(&self, deployment: DeploymentId, commit: &str, branch: &str) {
        let mut repository = self.repository.lock().unwrap();
        let id = 100 + u64::try_from(repository.runs.len()).unwrap();
        let (deployment, commit, branch) = (deployment.to_string(), commit.to_owned(), branch.to_owned());
        repository.runs.push(Run { id, deployment, commit, branch, created_at: self.clock.now() });
    }

    fn start(&self, dispatch: &Dispatch) -> Option<u64> {
        let input = |name: &str| dispatch.inputs.iter().find(|(key, _)| key == name).unwrap().1.clone();
        self.registry.push(&input("image_tag"), DIGEST.parse::<ImageDigest>().unwrap());
        let mut repository = self.repository.lock().unwrap();
        let id = 100 + u64::try_from(repository.runs.len()).unwrap();
        let (deployment, commit) = (input("deployment_id"), input("commit"));
        let (branch, created_at) = (dispatch.reference.clone(), self.clock.now());
        repository.runs.push(Run { id, deployment, commit, branch, created_at });
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
                BuildStatus::Finished(repository.conclusion.clone())
            },
            url: format!("https://forge.test/runs/{}", run.id),
        })
    }

    fn create(&self, new: &NewRelease) -> Release {
        let mut repository = self.repository.lock().unwrap();
        let release = Release {
            id: 1 + repository.releases.iter().map(|release| release.id).max().unwrap_or(0),
            tag: new.tag.clone(),
            prerelease: new.prerelease,
            draft: false,
            body: new.preface.clone(),
            url: format!("https://forge.test/releases/{}", new.tag),
        };
        repository.releases.push(release.clone());
        if new.make_latest {
            repository.latest = Some(release.id);
        }
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
        let known = || self.repository.lock().unwrap().known.then(|| COMMIT.parse().unwrap());
        self.ask("resolve_reference", known).await
    }

    async fn is_on_branch(&self, commit: &CommitSha, _: &str) -> Answer<bool> {
        self.ask("is_on_branch", || !self.repository.lock().unwrap().off_branch.contains(commit)).await
    }

    async fn checks(&self, _: &CommitSha) -> Answer<Checks> {
        self.ask("checks", || self.repository.lock().unwrap().checks.clone()).await
    }

    async fn file(&self, _: &str, _: &CommitSha) -> Answer<Option<String>> {
        self.ask("file", || self.repository.lock().unwrap().version_file.clone()).await
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        self.ask("dispatch", || self.start(dispatch)).await
    }

    async fn find_run(
        &self,
        _: &str,
        branch: &str,
        id: DeploymentId,
        commit: &CommitSha,
        since: Timestamp,
    ) -> Answer<Option<BuildRun>> {
        let named = |run: &Run| run.deployment == id.to_string() && run.commit == commit.as_str();
        let wanted = |run: &Run| named(run) && run.branch == branch && run.created_at >= since;
        self.ask("find_run", || self.look(wanted)).await
    }

    async fn run(&self, id: u64) -> Answer<Option<BuildRun>> {
        self.ask("run", || self.look(|run| run.id == id)).await
    }

    async fn workflow_run(&self, id: u64) -> Answer<Option<WorkflowRun>> {
        let find = || self.repository.lock().unwrap().asking.iter().find(|run| run.id == id).cloned();
        self.ask("workflow_run", find).await
    }

    async fn reviews(&self, run: u64) -> Answer<Vec<RunReview>> {
        let find = || self.repository.lock().unwrap().reviews.get(&run).cloned();
        Ok(self.ask("reviews", find).await?.unwrap_or_default())
    }

    async fn review_rules(&self, environment: &str) -> Answer<Option<ReviewRules>> {
        let find = || self.repository.lock().unwrap().environments.get(environment).copied();
        self.ask("review_rules", find).await
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        self.ask("tag_commit", || self.repository.lock().unwrap().tags.get(tag).cloned()).await
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        let find = || self.repository.lock().unwrap().releases.iter().find(|r| r.tag == tag).cloned();
        self.ask("release", find).await
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        let find = || {
            let repository = self.repository.lock().unwrap();
            repository.releases.iter().find(|release| Some(release.id) == repository.latest).cloned()
        };
        self.ask("latest_release", find).await
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        self.ask("create_release", || self.create(new)).await
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        let apply = || {
            let mut repository = self.repository.lock().unwrap();
            if change.make_latest == Some(true) {
                repository.latest = Some(id);
            }
            let release = repository.releases.iter_mut().find(|release| release.id == id);
            if let (Some(release), Some(body)) = (release, &change.body) {
                release.body.clone_from(body);
            }
        };
        self.ask("change_release", apply).await
    }
}
