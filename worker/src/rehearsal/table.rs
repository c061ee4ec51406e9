//! The table of a rehearsal: reads what really stands, keeps the rehearsed deployment's own history in memory, and
//! writes nothing. What a write's condition would say is told from a read of what it is about: the one rule that is
//! stated here again, since no condition can be tried without writing.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};

use super::journal::{Change, Journal, or_none};
use super::refused;
use crate::config::freeze::moment;
use crate::engine::hold;
use crate::faults::Service;
use crate::ports::{
    Answer, Appended, BetaRecord, Closing, Entry, EnvironmentView, HoldChanged, HoldRecord, Holding,
    ImageRecord, Opened, Opening, Recorded, Rejected, Releasing, RunBinding, Store, Summary, VersionBinding,
};

/// The real table, behind glass.
pub(super) struct PlannedTable {
    pub(super) real: Arc<dyn Store>,
    pub(super) journal: Arc<Journal>,
    /// The environment whose lock counts as free and without a hold, whatever stands there.
    pub(super) as_if_free: Option<EnvironmentName>,
}

impl PlannedTable {
    /// An environment as it stands, noted by nobody.
    async fn view(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        let mut view = self.real.environment(application, environment).await?;
        if self.as_if_free.as_ref() == Some(environment) {
            (view.lock.holder, view.lock.hold) = (None, None);
        }
        Ok(view)
    }

    fn first(&self, id: DeploymentId) -> Option<Entry> {
        self.journal.history().into_iter().map(|noted| noted.entry).find(|entry| entry.id == id)
    }
}

#[async_trait]
impl Store for PlannedTable {
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>> {
        match self.journal.newest().filter(|newest| newest.id == id) {
            Some(newest) => Ok(Some(newest)),
            None => self.real.newest(id).await,
        }
    }

    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>> {
        self.real.history(id, after).await
    }

    async fn append(&self, entry: &Entry) -> Answer<Appended> {
        self.journal.record(entry, None);
        Ok(Appended::Written)
    }

    async fn open(&self, opening: &Opening) -> Answer<Opened> {
        let lock = self.view(&opening.application, &opening.environment).await?.lock;
        if let Some(hold) = lock.hold.clone().filter(|hold| Some(hold.id) != opening.ended_hold) {
            return Ok(Opened::OnHold(hold));
        }
        if lock.holder.is_some() {
            return Ok(Opened::Held(lock));
        }
        if lock.token != opening.observed_token {
            return Ok(Opened::LockMoved);
        }
        self.journal.would(Change::TakeLock { token: opening.observed_token + 1 });
        self.journal.record(&opening.entry, None);
        Ok(Opened::Written)
    }

    async fn reject(&self, rejected: &Rejected) -> Answer<Opened> {
        if let Some(first) = self.first(rejected.entry.id) {
            return Ok(Opened::AlreadyRecorded(Box::new(first)));
        }
        if rejected.because_of.is_some() {
            let lock = self.view(&rejected.application, &rejected.environment).await?.lock;
            if lock.holder != rejected.because_of {
                return Ok(Opened::LockMoved);
            }
        }
        self.journal.record(&rejected.entry, None);
        Ok(Opened::Written)
    }

    async fn close(&self, closing: &Closing) -> Answer<Appended> {
        self.journal.record(&closing.entry, None);
        Ok(Appended::Written)
    }

    async fn hold(&self, _: &Holding) -> Answer<HoldChanged> {
        Err(refused(Service::DynamoDb, "hold"))
    }

    async fn release_hold(&self, _: &Releasing) -> Answer<HoldChanged> {
        Err(refused(Service::DynamoDb, "release_hold"))
    }

    async fn holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>> {
        self.real.holds(application, environment, limit).await
    }

    async fn environment(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView> {
        let view = self.view(application, environment).await;
        let view = self.journal.looked(format!("lock of {environment}"), view, standing)?;
        self.journal.looked(format!("record of {environment}"), Ok(view), |view| {
            or_none(view.record.last_healthy.as_ref(), |last| {
                format!("last healthy {} on {}", last.image_tag, last.task_definition)
            })
        })
    }

    async fn deployments(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>> {
        self.real.deployments(application, environment, limit).await
    }

    async fn image(&self, application: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>> {
        let found = self.real.image(application, commit).await;
        self.journal.looked(format!("recorded image of commit {}", commit.short()), found, |found| {
            or_none(found.as_ref(), |image| format!("{}, since {}", image.digest, moment(image.at)))
        })
    }

    async fn record_image(&self, application: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord> {
        Ok(self.image(application, &image.commit).await?.unwrap_or_else(|| image.clone()))
    }

    async fn version(
        &self,
        application: &ApplicationName,
        version: &Version,
    ) -> Answer<Option<VersionBinding>> {
        let found = self.real.version(application, version).await;
        self.journal.looked(format!("binding of version {version}"), found, |found| {
            or_none(found.as_ref(), |bound| format!("commit {}, {}", bound.commit, bound.digest))
        })
    }

    async fn bind_version(
        &self,
        application: &ApplicationName,
        binding: &VersionBinding,
    ) -> Answer<VersionBinding> {
        if let Some(stands) = self.version(application, &binding.version).await? {
            return Ok(stands);
        }
        let VersionBinding { version, commit, digest, beta, .. } = binding.clone();
        self.journal.would(Change::BindVersion { version, commit, digest, beta });
        Ok(binding.clone())
    }

    async fn bind_run(&self, _: &ApplicationName, binding: &RunBinding) -> Answer<RunBinding> {
        self.journal.cannot_know(format!(
            "whether attempt {} of run {} has asked for another deployment already",
            binding.attempt, binding.run
        ));
        Ok(binding.clone())
    }

    async fn beta(&self, application: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>> {
        let found = self.real.beta(application, tag).await;
        self.journal.looked(format!("healthy record of {tag} in staging"), found, |found| {
            or_none(found.as_ref(), |beta| {
                format!("{}, {} (deployment {})", beta.digest, moment(beta.at), beta.deployment)
            })
        })
    }

    async fn releases(
        &self,
        application: &ApplicationName,
    ) -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)> {
        self.real.releases(application).await
    }
}

/// Lock and hold in words.
fn standing(view: &EnvironmentView) -> String {
    let lock = &view.lock;
    let held = match lock.holder {
        None => format!("free (last token {})", lock.token),
        Some(holder) => {
            let by = lock.actor.as_deref().unwrap_or("somebody");
            let since = lock.since.map(|at| format!(" since {}", moment(at))).unwrap_or_default();
            format!("held by deployment {holder} of {by}{since}")
        }
    };
    let hold = lock.hold.as_ref().map(|hold| format!("hold {}", hold::in_words(hold)));
    format!("{held}; {}", hold.unwrap_or_else(|| "no hold".to_owned()))
}
