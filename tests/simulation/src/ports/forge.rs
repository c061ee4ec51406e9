//! GitHub's port.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lockstep::faults::Service;
use lockstep::ports::{
    Answer, BuildRun, Checks, Dispatch, Forge, NewRelease, Release, ReleaseChange, ReviewRules, RunReview,
    WorkflowRun,
};
use lockstep_events::{CommitSha, DeploymentId};

use crate::services::forge::Releases;
use crate::setting;
use crate::traces::Effect;
use crate::universe::{Universe, time_of};
use crate::wire::Line;

/// The repository.
pub(crate) struct SimForge(pub(crate) Line);

impl SimForge {
    async fn ask<T: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&mut Universe) -> T + Send + 'static,
    ) -> Answer<T> {
        self.0.call(Service::GitHub, operation, |universe| Ok(look(universe))).await
    }

    async fn releases<T: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&Releases) -> T + Send + 'static,
    ) -> Answer<T> {
        self.ask(operation, |universe| {
            let (now, plan, dice) = (universe.now, &universe.plan, &mut universe.dice);
            look(&universe.repository.releases.read(now, plan, dice))
        })
        .await
    }

    async fn runs(
        &self,
        operation: &'static str,
        wanted: impl Fn(&crate::services::forge::Run) -> bool + Send + 'static,
    ) -> Answer<Option<BuildRun>> {
        self.ask(operation, move |universe| {
            let (now, plan, dice) = (universe.now, &universe.plan, &mut universe.dice);
            let runs = universe.repository.runs.read(now, plan, dice);
            runs.iter().find(|run| wanted(run)).map(crate::services::forge::Run::view)
        })
        .await
    }
}

#[async_trait]
impl Forge for SimForge {
    async fn default_branch(&self) -> Answer<String> {
        self.ask("default_branch", |_| "main".to_owned()).await
    }

    async fn resolve(&self, reference: &str) -> Answer<Option<CommitSha>> {
        let reference = reference.to_owned();
        self.ask("resolve_reference", move |universe| universe.repository.resolve(&reference)).await
    }

    async fn is_on_branch(&self, _: &CommitSha, _: &str) -> Answer<bool> {
        self.ask("is_on_branch", |_| true).await
    }

    async fn checks(&self, commit: &CommitSha) -> Answer<Checks> {
        let commit = commit.clone();
        self.ask("checks", move |universe| universe.repository.checks(&commit, universe.now)).await
    }

    async fn file(&self, _: &str, commit: &CommitSha) -> Answer<Option<String>> {
        let commit = commit.clone();
        self.ask("file", move |universe| universe.repository.version_file(&commit)).await
    }

    async fn dispatch(&self, dispatch: &Dispatch) -> Answer<Option<u64>> {
        let dispatch = dispatch.clone();
        let sent = self.0.call(Service::GitHub, "dispatch", move |universe| {
            let (run, deployment) = universe.dispatch_build(&dispatch)?;
            universe.changed_by(deployment, Effect::Build);
            Ok(run)
        });
        sent.await
    }

    async fn find_run(
        &self,
        _: &str,
        _: &str,
        id: DeploymentId,
        commit: &CommitSha,
        since: Timestamp,
    ) -> Answer<Option<BuildRun>> {
        // The adapter's own allowance for a clock that is ahead of GitHub's.
        let since = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
        let commit = commit.clone();
        let named = move |run: &crate::services::forge::Run| run.deployment == id && run.commit == commit;
        self.runs("find_run", move |run| named(run) && time_of(run.created) >= since).await
    }

    async fn run(&self, id: u64) -> Answer<Option<BuildRun>> {
        self.runs("run", move |run| run.has_id(id)).await
    }

    // Nobody here asks from a workflow, and no environment asks for a review.
    async fn workflow_run(&self, _: u64) -> Answer<Option<WorkflowRun>> {
        self.ask("workflow_run", |_| None).await
    }

    async fn reviews(&self, _: u64) -> Answer<Vec<RunReview>> {
        self.ask("reviews", |_| Vec::new()).await
    }

    async fn review_rules(&self, _: &str) -> Answer<Option<ReviewRules>> {
        self.ask("review_rules", |_| None).await
    }

    async fn tag_commit(&self, tag: &str) -> Answer<Option<CommitSha>> {
        let tag = tag.to_owned();
        self.releases("tag_commit", move |book| book.tags.get(&tag).cloned()).await
    }

    async fn release(&self, tag: &str) -> Answer<Option<Release>> {
        let tag = tag.to_owned();
        self.releases("release", move |book| book.releases.iter().find(|r| r.tag == tag).cloned()).await
    }

    async fn latest_release(&self) -> Answer<Option<Release>> {
        self.releases("latest_release", |book| {
            book.latest.and_then(|id| book.releases.iter().find(|release| release.id == id).cloned())
        })
        .await
    }

    async fn create_release(&self, new: &NewRelease) -> Answer<Release> {
        let new = new.clone();
        let sent = self.0.call(Service::GitHub, "create_release", move |universe| {
            let release = universe.create_release(&new)?;
            // The notes name the deployment.
            let named = new.preface.split('`').find_map(|word| word.parse::<DeploymentId>().ok());
            if let Some(deployment) = named {
                universe.changed_by(deployment, Effect::Release(new.tag.clone()));
            }
            Ok(release)
        });
        sent.await
    }

    async fn change_release(&self, id: u64, change: &ReleaseChange) -> Answer<()> {
        let change = change.clone();
        let sender = self.0.shared.lock().holder(setting::PRODUCTION);
        let sent = self.0.call(Service::GitHub, "change_release", move |universe| {
            if universe.change_release(id, &change)?
                && let Some(sender) = sender
            {
                universe.changed_by(sender.deployment, Effect::LatestRelease(sender.state));
            }
            Ok(())
        });
        sent.await
    }
}
