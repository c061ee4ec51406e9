//! The repository of a rehearsal: reads what is really there, and only notes what it is asked to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::{CommitSha, DeploymentId};

use super::journal::{Change, Journal, in_words, or_none};
use super::refused;
use crate::faults::Service;
use crate::ports::{
    Answer, BuildRun, Checks, Dispatch, Forge, NewRelease, Release, ReleaseChange, ReviewRules, ReviewState,
    RunReview, WorkflowRun,
};

/// The real repository, behind glass.
pub(super) struct PlannedForge {
    pub(super) real: Arc<dyn Forge>,
    pub(super) journal: Arc<Journal>,
    /// The checks that the configuration demands.
    pub(super) required_checks: Vec<String>,
    /// Whether checks that have not ended count as passed, so that the rest can be looked at.
    pub(super) suppose_checks: Arc<AtomicBool>,
}

#[async_trait]
impl Forge for PlannedForge {
    async fn default_branch(&self) -> Answer<String> {
        let found = self.real.default_branch().await;
        self.journal.looked("default branch", found, String::clone)
    }

    async fn resolve(&self, reference: &str) -> Answer<Option<CommitSha>> {
        let found = self.real.resolve(reference).await;
        self.journal.looked(format!("commit of {reference}"), found, |found| {
            or_none(found.as_ref(), ToString::to_string)
        })
    }

    async fn is_on_branch(&self, commit: &CommitSha, branch: &str) -> Answer<bool> {
        let found = self.real.is_on_branch(commit, branch).await;
        let what = format!("commit {} on {branch}", commit.short());
        self.journal.looked(what, found, |found| if *found { "yes".to_owned() } else { "no".to_owned() })
    }

    async fn checks(&self, commit: &CommitSha) -> Answer<Checks> {
        let found = self.real.checks(commit).await;
        let mut checks =
            self.journal.looked(format!("checks of commit {}", commit.short()), found, in_a_line)?;
        if self.suppose_checks.load(Ordering::Relaxed) {
            checks.passed.append(&mut checks.pending);
            let missing = self.required_checks.iter().filter(|name| !checks.failed.contains(name));
            checks.passed.extend(missing.cloned());
        }
        Ok(checks)
    }

    async fn file(&self, path: &str, commit: &CommitSha) -> Answer<Option<String>> {
        let found = self.real.file(path, commit).await;
        self.journal.looked(format!("file {path} at commit {}", commit.short()), found, |found| {
            or_none(found.as_ref(), |text| format!("{} bytes", text.len()))
        })
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        let Dispatch { workflow, reference, inputs } = dispatch.clone();
        self.journal.would(Change::StartBuild { workflow, reference, inputs });
        Ok(None)
    }

    async fn find_run(
        &self,
        _: &str,
        _: &str,
        _: DeploymentId,
        _: &CommitSha,
        _: Timestamp,
    ) -> Answer<Option<BuildRun>> {
        // Looked for by whoever resumes: what is rehearsed has started none.
        Ok(None)
    }

    async fn run(&self, _: u64) -> Answer<Option<BuildRun>> {
        Err(refused(Service::GitHub, "get a workflow run"))
    }

    async fn workflow_run(&self, id: u64) -> Answer<Option<WorkflowRun>> {
        let found = self.real.workflow_run(id).await;
        self.journal.looked(format!("workflow run {id}"), found, |found| {
            or_none(found.as_ref(), |run| {
                let by = run.actor.as_deref().unwrap_or("nobody that GitHub still knows");
                let standing = if run.completed { "ended" } else { "under way" };
                format!("{} at {}, attempt {}, by {by}, {standing}", run.path, run.head_sha, run.attempt)
            })
        })
    }

    async fn reviews(&self, run: u64) -> Answer<Vec<RunReview>> {
        let found = self.real.reviews(run).await;
        self.journal.looked(format!("reviews of run {run}"), found, |found| {
            let one = |review: &RunReview| {
                let what = match review.state {
                    ReviewState::Approved => "approved",
                    ReviewState::Rejected => "rejected",
                    ReviewState::Undecided => "undecided",
                };
                let by = review.by.as_deref().unwrap_or("somebody");
                format!("{what} by {by} for {}", review.environments.join(", "))
            };
            listed(found.iter().map(one))
        })
    }

    async fn review_rules(&self, environment: &str) -> Answer<Option<ReviewRules>> {
        let found = self.real.review_rules(environment).await;
        self.journal.looked(format!("environment {environment} at GitHub"), found, |found| {
            or_none(found.as_ref(), |rules| {
                let asks = if rules.required { "asks for approval" } else { "asks for no approval" };
                let another = if rules.prevents_self_review { " by another" } else { "" };
                format!("{asks}{another}")
            })
        })
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        let found = self.real.tag_commit(tag).await;
        self.journal
            .looked(format!("git tag {tag}"), found, |found| or_none(found.as_ref(), ToString::to_string))
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        let found = self.real.release(tag).await;
        self.journal.looked(format!("release {tag}"), found, |found| or_none(found.as_ref(), kind))
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        let found = self.real.latest_release().await;
        self.journal.looked("latest release", found, |found| or_none(found.as_ref(), |r| r.tag.clone()))
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        self.journal.would(Change::CreateRelease {
            tag: new.tag.clone(),
            commit: new.commit.clone(),
            prerelease: new.prerelease,
            latest: new.make_latest,
            notes: in_words(&new.preface),
        });
        Ok(Release {
            id: 0,
            tag: new.tag.clone(),
            prerelease: new.prerelease,
            draft: false,
            body: new.preface.clone(),
            url: String::new(),
        })
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        let ReleaseChange { make_latest: latest, body: notes } = change.clone();
        self.journal.would(Change::ChangeRelease { id, latest, notes });
        Ok(())
    }
}

fn kind(release: &Release) -> String {
    let kind = match (release.draft, release.prerelease) {
        (true, _) => "a draft",
        (false, true) => "a prerelease",
        (false, false) => "a release",
    };
    format!("{kind} ({})", release.url)
}

fn in_a_line(checks: &Checks) -> String {
    let of =
        |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")));
    let standing = [("passed", &checks.passed), ("failed", &checks.failed), ("not ended", &checks.pending)];
    listed(standing.into_iter().filter_map(|(word, names)| of(word, names)))
}

fn listed(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join("; ") }
}
