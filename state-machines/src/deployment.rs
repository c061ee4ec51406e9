//! The facts of one deployment: what has been settled so far, and nothing that could be derived from it.
//! Stored with every state, so it stays short: no lists that grow with time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lockstep_events::{CommitSha, DeployRequested, ImageDigest, Reason};
use serde::{Deserialize, Serialize};

use crate::{Build, EarlyNews, Failure, HealthyRelease, Inspection, Leg, Proof, Refusal, Source, Warrant};

/// Which way an environment is deployed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Builds a commit, deploys the latest release first and the beta after it.
    Staging,
    /// Promotes a validated beta without a rebuild.
    Production,
}

/// What the configuration said about the environment when the deployment was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which way.
    pub kind: Kind,
    /// Whether the environment has a database of its own that is made fresh (staging only).
    pub with_database: bool,
}

/// Faults in a row in the present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// How many.
    pub faults: u32,
    /// Before this time the effect is not tried again.
    pub next_at: Timestamp,
}

/// A wish to cancel that has been recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Who, as the message says.
    pub actor: String,
    /// Who sent the message, as the queue names senders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Why.
    pub reason: Option<Reason>,
    /// When.
    pub at: Timestamp,
}

/// One deployment's facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The request, as it came.
    pub request: DeployRequested,
    /// How its environment is deployed to.
    pub plan: Plan,
    /// The fencing token under which it holds the lock.
    pub token: u64,
    /// Who sent the request, as the queue names senders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// By what right it was asked for, once settled; never where the configuration does not say who may ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warrant: Option<Warrant>,
    /// What is to be deployed, once settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The environment as found before anything was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<Inspection>,
    /// The build, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
    /// The commit's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<ImageDigest>,
    /// The registered revision of each leg.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub revisions: BTreeMap<Leg, String>,
    /// The rollout of each leg, `ecs-svc/…`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rollouts: BTreeMap<Leg, String>,
    /// What was PRIMARY when a leg's rollout was started, if it was seen: news of its end is old.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<Leg, String>,
    /// Where the release can be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_url: Option<String>,
    /// The commit that was found when the source was first looked at: a branch that moves on while its
    /// checks are awaited does not change what is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<CommitSha>,
    /// What is waited for while the source is being checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_on: Option<String>,
    /// Whether the environment's services may have been changed.
    pub touched: bool,
    /// Whether `latest` and the latest release may have been moved.
    pub references_touched: bool,
    /// Whether the baseline ran, proven, on the fresh database.
    pub baseline_proven: bool,
    /// Faults in a row in the present state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// News of the present state that came too early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_news: Option<EarlyNews>,
    /// Set when somebody wants it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<Cancel>,
    /// Set when it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// What ended the way forward: the first cause, never overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What went wrong on the way back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unwind_failures: Vec<Failure>,
    /// The candidate's proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The proof of what was gone back to, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<(Proof, Timestamp)>,
    /// What was done about `latest` on the way back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_notes: Vec<String>,
}

impl Deployment {
    /// A deployment that has just taken its environment's lock.
    #[must_use]
    pub fn new(request: DeployRequested, plan: Plan, token: u64) -> Self {
        Self {
            request,
            plan,
            token,
            sender: None,
            warrant: None,
            source: None,
            inspection: None,
            build: None,
            digest: None,
            revisions: BTreeMap::new(),
            rollouts: BTreeMap::new(),
            replaced: BTreeMap::new(),
            release_url: None,
            pinned: None,
            waiting_on: None,
            touched: false,
            references_touched: false,
            baseline_proven: false,
            retry: None,
            early_news: None,
            cancel: None,
            refusal: None,
            failure: None,
            unwind_failures: Vec::new(),
            proof: None,
            restored: None,
            reference_notes: Vec::new(),
        }
    }

    /// The tag under which this deployment's build pushes its image. Nobody else's build uses it, so what
    /// it names is what this build made.
    #[must_use]
    pub fn build_tag(&self) -> String {
        format!("build-{}", self.request.id)
    }

    /// The image that a leg must run; a database keeps its own.
    #[must_use]
    pub fn digest_of(&self, leg: Leg) -> Option<ImageDigest> {
        match leg {
            Leg::Database | Leg::RestoredDatabase => None,
            Leg::Baseline => self.baseline().map(|b| b.digest.clone()),
            Leg::Candidate => self.digest.clone(),
            Leg::Restored => self.restore_target().map(|target| target.digest),
        }
    }

    /// The commit that a leg's application should report, if known.
    #[must_use]
    pub fn commit_of(&self, leg: Leg) -> Option<CommitSha> {
        match leg {
            Leg::Database | Leg::RestoredDatabase => None,
            Leg::Baseline => self.baseline().and_then(|b| b.commit.clone()),
            Leg::Candidate => self.source.as_ref().map(|s| s.commit.clone()),
            Leg::Restored => self.restore_target().and_then(|target| target.commit),
        }
    }

    /// The task definition that a leg rolls out.
    #[must_use]
    pub fn revision_of(&self, leg: Leg) -> Option<String> {
        match leg {
            Leg::Restored => self.restore_target().map(|target| target.task_definition),
            Leg::Candidate => {
                self.revisions.get(&leg).cloned().or_else(|| self.runs_already().map(str::to_owned))
            }
            Leg::Database | Leg::Baseline | Leg::RestoredDatabase => self.revisions.get(&leg).cloned(),
        }
    }

    /// The release to deploy before the candidate, if there is one. Only ever in staging: production must
    /// not run anything but what was asked for, whatever the source says.
    #[must_use]
    pub fn baseline(&self) -> Option<&crate::Baseline> {
        let source = self.source.as_ref().filter(|_| self.plan.kind == Kind::Staging);
        source.and_then(|s| s.baseline.as_ref())
    }

    /// Whether this deployment replaces the database by a fresh one. Never in production, whatever the
    /// plan says: there, it would destroy the data.
    #[must_use]
    pub fn makes_fresh_database(&self) -> bool {
        self.plan.kind == Kind::Staging && self.plan.with_database
    }

    /// The task definition that runs the wanted image already. Only ever in production: staging never
    /// skips a rollout (protocol rule 18).
    pub(crate) fn runs_already(&self) -> Option<&str> {
        let inspection = self.inspection.as_ref().filter(|_| self.plan.kind == Kind::Production);
        inspection.and_then(|i| i.already_running.as_deref())
    }

    /// Whether the application may have been left drained: told to stop, and not started again since.
    pub(crate) fn may_be_drained(&self) -> bool {
        let started = |leg| self.rollouts.contains_key(&leg);
        let started_since = if self.revisions.contains_key(&Leg::RestoredDatabase) {
            started(Leg::Restored)
        } else {
            started(Leg::Baseline) || started(Leg::Candidate)
        };
        self.touched && self.makes_fresh_database() && !started_since
    }

    /// Where going back leads: in staging the baseline, once it has been proven on the fresh database;
    /// else the environment's last healthy release.
    #[must_use]
    pub fn restore_target(&self) -> Option<HealthyRelease> {
        if self.baseline_proven {
            let (baseline, revision) = (self.baseline()?, self.revisions.get(&Leg::Baseline)?);
            return Some(HealthyRelease {
                deployment: self.request.id,
                version: baseline.version.clone(),
                image_tag: baseline.version.to_string(),
                commit: baseline.commit.clone(),
                digest: baseline.digest.clone(),
                task_definition: revision.clone(),
                at: self.restored.as_ref().map_or(self.request.requested_at, |(_, at)| *at),
            });
        }
        self.inspection.as_ref()?.previous.clone()
    }

    /// Revisions of this deployment that must not be deployed any more once it has failed. Never the one
    /// that was gone back to, nor a database's that ECS's circuit breaker could still go back to.
    #[must_use]
    pub fn to_retire(&self) -> Vec<String> {
        let abandoned = |leg: &Leg| match leg {
            Leg::Candidate | Leg::Baseline => true,
            Leg::Database => !self.rollouts.contains_key(leg) || self.restored.is_some(),
            Leg::RestoredDatabase => !self.rollouts.contains_key(leg),
            Leg::Restored => false,
        };
        let target = self.restore_target().map(|target| target.task_definition);
        let kept = |arn: &String| target.as_ref() == Some(arn);
        let retired = self.revisions.iter().filter(|(leg, arn)| abandoned(leg) && !kept(arn));
        retired.map(|(_, arn)| arn.clone()).collect()
    }
}
