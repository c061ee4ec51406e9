//! GitHub: commits with checks and versions, builds that push images, releases with their tags. A second release
//! of a tag is refused; a build of its own is not. Must never move a git tag that exists.

use std::collections::BTreeMap;
use std::time::Duration;

use lockstep::faults::{Fault, FaultKind, Service};
use lockstep::ports::{Answer, BuildRun, BuildStatus, Checks, Dispatch, NewRelease, Release, ReleaseChange};
use lockstep_events::{BuildFinished, CommitSha, DeploymentId, Message, encode};

use super::Lagging;
use super::registry::{Image, Nature};
use crate::universe::Universe;

/// A commit of the default branch.
pub(crate) struct Commit {
    pub(crate) sha: CommitSha,
    version: String,
    nature: Nature,
    builds: bool,
    /// Since when its checks have passed; `None` if they fail.
    passes: Option<Duration>,
}

/// A run of the build workflow.
#[derive(Clone)]
pub(crate) struct Run {
    id: u64,
    pub(crate) deployment: DeploymentId,
    pub(crate) commit: CommitSha,
    pub(crate) created: Duration,
    conclusion: Option<&'static str>,
}

/// Releases and git tags.
#[derive(Clone, Default)]
pub(crate) struct Releases {
    pub(crate) releases: Vec<Release>,
    pub(crate) tags: BTreeMap<String, CommitSha>,
    pub(crate) latest: Option<u64>,
}

/// The repository.
#[derive(Default)]
pub(crate) struct Repository {
    pub(crate) commits: Vec<Commit>,
    pub(crate) runs: Lagging<Vec<Run>>,
    pub(crate) releases: Lagging<Releases>,
}

impl Repository {
    fn commit(&self, sha: &CommitSha) -> Option<&Commit> {
        self.commits.iter().find(|commit| commit.sha == *sha)
    }

    /// What a branch or SHA names.
    pub(crate) fn resolve(&self, reference: &str) -> Option<CommitSha> {
        let head = self.commits.last().filter(|_| reference == "main");
        let named = head.or_else(|| self.commits.iter().find(|commit| commit.sha.as_str() == reference));
        named.map(|commit| commit.sha.clone())
    }

    pub(crate) fn checks(&self, sha: &CommitSha, now: Duration) -> Checks {
        let name = vec!["test".to_owned()];
        match self.commit(sha).map(|commit| commit.passes) {
            Some(Some(passes)) if passes <= now => Checks { passed: name, ..Checks::default() },
            Some(Some(_)) => Checks { pending: name, ..Checks::default() },
            Some(None) | None => Checks { failed: name, ..Checks::default() },
        }
    }

    pub(crate) fn version_file(&self, sha: &CommitSha) -> Option<String> {
        let version = &self.commit(sha)?.version;
        Some(format!("[package]\nname = \"shop\"\nversion = \"{version}\"\n"))
    }
}

impl Run {
    pub(crate) fn has_id(&self, id: u64) -> bool {
        self.id == id
    }

    pub(crate) fn view(&self) -> BuildRun {
        let status = match self.conclusion {
            None => BuildStatus::Running("in_progress".to_owned()),
            Some(conclusion) => BuildStatus::Finished(conclusion.to_owned()),
        };
        BuildRun { id: self.id, attempt: 1, status, url: format!("https://forge.test/runs/{}", self.id) }
    }
}

impl Universe {
    /// Somebody merges a commit.
    pub(crate) fn merge_commit(&mut self) {
        let Ok(sha) = self.dice.hex(20).parse() else { return };
        let bad = self.dice.lucky(self.plan.bad_commits);
        let kind = self.dice.below(6);
        let minor = 2 + self.repository.commits.len() / 2;
        let passes =
            self.now + if self.dice.lucky(0.3) { self.dice.seconds(1.0, 300.0) } else { Duration::ZERO };
        let nature = match kind {
            0 | 1 if bad => Nature::Crashes,
            2 if bad => Nature::Hangs,
            3 if bad => Nature::NeverReady,
            _ => Nature::Good,
        };
        let commit = Commit {
            sha,
            version: format!("0.{minor}.0"),
            nature,
            builds: !(bad && kind == 4),
            passes: (!(bad && kind == 5)).then_some(passes),
        };
        self.note(format_args!("commit {} of {}: {nature:?}", commit.sha.short(), commit.version));
        self.repository.commits.push(commit);
    }

    /// A build is dispatched: it runs for a while, pushes its image and ends.
    pub(crate) fn dispatch_build(&mut self, dispatch: &Dispatch) -> Answer<(Option<u64>, DeploymentId)> {
        let input = |name: &str| {
            let found = dispatch.inputs.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (Ok(deployment), Ok(sha)) =
            (input("deployment_id").parse(), input("commit").parse::<CommitSha>())
        else {
            let message = format!("inputs {:?}", dispatch.inputs);
            return Err(Fault::new(Service::GitHub, "dispatch", FaultKind::Refused, message));
        };
        let id = 1000 + u64::try_from(self.repository.runs.now().len()).unwrap_or(0);
        let (now, lag) = (self.now, self.plan.lag);
        let run = Run { id, deployment, commit: sha.clone(), created: now, conclusion: None };
        self.repository.runs.change(now, lag, |runs| runs.push(run));
        self.note(format_args!("build {id} of {} for {deployment}", sha.short()));
        self.counts.one("builds");
        self.changed = true;
        let (tag, digest) = (input("image_tag"), format!("sha256:{}", self.dice.hex(32)));
        let takes = self.dice.seconds(15.0, 180.0);
        let works = self.repository.commit(&sha).is_some_and(|commit| commit.builds);
        let nature = self.repository.commit(&sha).map_or(Nature::Hangs, |commit| commit.nature);
        if works {
            self.after(takes, move |universe| {
                let image = Image { commit: sha.to_string(), nature };
                universe.images.images.insert(digest.clone(), image);
                if let Ok(digest) = digest.parse() {
                    universe.point_tag(&tag, &digest);
                }
            });
        }
        // Pushing the image is not a run's last step; a registry that lags still shows it when the run is over.
        self.after(takes + lag, move |universe| {
            let (now, lag) = (universe.now, universe.plan.lag);
            universe.repository.runs.change(now, lag, |runs| {
                let run = runs.iter_mut().find(|run| run.id == id);
                run.into_iter()
                    .for_each(|run| run.conclusion = Some(if works { "success" } else { "failure" }));
            });
            universe.note(format_args!("build {id} has ended"));
            universe.tell_of_build(deployment, id);
        });
        Ok((self.dice.lucky(0.7).then_some(id), deployment))
    }

    /// The run says that it has ended, perhaps.
    fn tell_of_build(&mut self, id: DeploymentId, run: u64) {
        if self.is_troubled() && self.dice.lucky(0.5) {
            return;
        }
        let finished = BuildFinished { id, workflow_run_id: run, workflow_run_attempt: 1 };
        let late = self.dice.seconds(0.1, 20.0);
        self.send_message(&encode(&Message::BuildFinished(finished)), late);
    }

    /// Creates a release and its tag, unless there is one.
    pub(crate) fn create_release(&mut self, new: &NewRelease) -> Answer<Release> {
        let book = self.repository.releases.now();
        if book.releases.iter().any(|release| release.tag == new.tag) {
            let message = format!("{} already exists", new.tag);
            return Err(Fault::new(Service::GitHub, "create a release", FaultKind::Refused, message));
        }
        let release = Release {
            id: 1 + u64::try_from(book.releases.len()).unwrap_or(0),
            tag: new.tag.clone(),
            prerelease: new.prerelease,
            draft: false,
            body: new.preface.clone(),
            url: format!("https://forge.test/releases/{}", new.tag),
        };
        let (now, lag) = (self.now, self.plan.lag);
        self.repository.releases.change(now, lag, |book| {
            book.tags.entry(new.tag.clone()).or_insert(new.commit.clone());
            if new.make_latest {
                book.latest = Some(release.id);
            }
            book.releases.push(release.clone());
        });
        self.note(format_args!("release {}", new.tag));
        self.counts.one("releases");
        self.changed = true;
        Ok(release)
    }

    /// Changes a release; whether "latest" moved.
    pub(crate) fn change_release(&mut self, id: u64, change: &ReleaseChange) -> Answer<bool> {
        if !self.repository.releases.now().releases.iter().any(|release| release.id == id) {
            let message = format!("there is no release {id}");
            return Err(Fault::new(Service::GitHub, "update a release", FaultKind::NotFound, message));
        }
        let (now, lag) = (self.now, self.plan.lag);
        let moved = self.repository.releases.change(now, lag, |book| {
            let release = book.releases.iter_mut().find(|release| release.id == id);
            if let (Some(release), Some(body)) = (release, &change.body) {
                release.body.clone_from(body);
            }
            let moved = change.make_latest == Some(true) && book.latest != Some(id);
            if moved {
                book.latest = Some(id);
            }
            moved
        });
        if moved {
            self.note(format_args!("release number {id} is the latest"));
        }
        self.changed = true;
        Ok(moved)
    }
}
