//! Events: what came of each effect, and the two things that come from outside at any time (faults and the
//! wish to cancel). One outcome type per effect, so that a state's handler matches all of it and a new
//! outcome must be thought about where it arrives.

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Reason, Version};
use serde::{Deserialize, Serialize};

use crate::{Evidence, HealthyRelease, Refusal, Warrant};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Of [`crate::Effect::CheckSource`], where it is looked into who asks: before the source.
    Requester(RequesterOutcome),
    /// Of [`crate::Effect::CheckSource`].
    Source(SourceOutcome),
    /// Of [`crate::Effect::Inspect`].
    Inspection(InspectionOutcome),
    /// Of [`crate::Effect::DispatchBuild`].
    Dispatch(DispatchOutcome),
    /// Of [`crate::Effect::FollowBuild`].
    Build(BuildOutcome),
    /// Of [`crate::Effect::RecordImage`].
    Image(ImageOutcome),
    /// Of [`crate::Effect::BindVersion`].
    Binding(BindingOutcome),
    /// Of [`crate::Effect::MoveTags`].
    Tags(TagsOutcome),
    /// Of [`crate::Effect::PublishRelease`].
    Release(ReleaseOutcome),
    /// Of [`crate::Effect::RegisterRevision`].
    Revision(RevisionOutcome),
    /// Of [`crate::Effect::Drain`] and [`crate::Effect::FollowDrain`].
    Drain(DrainOutcome),
    /// Of [`crate::Effect::StartRollout`].
    Start(StartOutcome),
    /// Of [`crate::Effect::FollowRollout`].
    Rollout(RolloutOutcome),
    /// Of [`crate::Effect::Verify`].
    Verification(VerificationOutcome),
    /// Of [`crate::Effect::RestoreReferences`].
    Restore(RestoreOutcome),
    /// Of [`crate::Effect::RetireRevisions`].
    Retire(RetireOutcome),
    /// Of [`crate::Effect::Settle`]: a lease has passed since the last call.
    Settled,
    /// An effect met a fault of a service instead of an outcome.
    Fault(FaultReport),
    /// Somebody wants it stopped.
    Cancel {
        /// Who, as the message says.
        actor: String,
        /// Who sent the message, as the queue names senders.
        sender: Option<String>,
        /// Why.
        reason: Option<Reason>,
    },
    /// An operator breaks the glass: the environment is to be unlocked, whatever it is left like. The shell
    /// has seen to it that nothing of an earlier holder is still under way.
    Unlock {
        /// Who.
        actor: String,
        /// Why.
        reason: Reason,
    },
}

/// Whether whoever asks may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequesterOutcome {
    /// They may: on this evidence.
    Confirmed(Box<Warrant>),
    /// They may not.
    Refused(Refusal),
}

/// What is to be deployed, settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The commit.
    pub commit: CommitSha,
    /// Its version.
    pub version: Version,
    /// Its beta tag.
    pub beta: BetaTag,
    /// Its image, if one is known already; always in production.
    pub digest: Option<ImageDigest>,
    /// The release to deploy first (staging).
    pub baseline: Option<Baseline>,
    /// What a person should know although it stops nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The release that staging deploys before the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Its version.
    pub version: Version,
    /// Its commit, if known.
    pub commit: Option<CommitSha>,
    /// Its image.
    pub digest: ImageDigest,
    /// Where it was found: production's record, or the forge's latest release.
    pub found_in: String,
}

/// Whether the source may be deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceOutcome {
    /// It may.
    Accepted(Box<Source>),
    /// It may not.
    Refused(Refusal),
    /// Not decided yet: what is waited for.
    Waiting {
        /// In words.
        on: String,
        /// The commit that is being decided on: what was asked for may be a branch, which moves.
        commit: CommitSha,
    },
}

/// The environment as found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The task definition that new revisions of the application are made from: the PRIMARY's.
    pub base: String,
    /// The database's, if the environment has one.
    pub database_base: Option<String>,
    /// How many tasks the service should run.
    pub desired: u32,
    /// Where a rollback would go: the last healthy release whose task definition can still be deployed.
    pub previous: Option<HealthyRelease>,
    /// Set (in production) when the wanted digest runs already: PRIMARY is COMPLETED at it and it is
    /// recorded healthy. Holds that task definition.
    pub already_running: Option<String>,
    /// What the image tag `latest` named, in production: moving it over anything else is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<ImageDigest>,
    /// Changes that Lockstep did not make, in words. Named, not hidden.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// What inspecting the environment came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InspectionOutcome {
    /// It can be deployed to.
    Fit(Box<Inspection>),
    /// It cannot, as it is set up.
    Unfit(Refusal),
}

/// The build of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// GitHub's id of the run, once known.
    pub run: Option<u64>,
    /// Its attempt, once known.
    pub attempt: Option<u32>,
    /// Where a person can look at it, once known.
    pub url: Option<String>,
}

/// What dispatching the build came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DispatchOutcome {
    /// It was dispatched, now or before (then it was adopted).
    Dispatched {
        /// What is known of the run.
        build: Build,
        /// Whether it was found and not started.
        adopted: bool,
    },
}

/// How the build goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildOutcome {
    /// Not finished, or not listed yet.
    Running,
    /// It pushed the image.
    Succeeded(Build),
    /// It did not.
    Failed {
        /// The run.
        build: Build,
        /// What GitHub says.
        conclusion: String,
    },
}

/// What recording the image came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageOutcome {
    /// This is the commit's image.
    Recorded {
        /// Its digest.
        digest: ImageDigest,
        /// Whether an earlier build's image stands and this build's is not used.
        adopted: bool,
    },
    /// The build said success, but there is no image.
    Missing {
        /// In words.
        message: String,
    },
}

/// What binding the version came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingOutcome {
    /// The version means this commit and digest, now or already.
    Bound,
    /// It means something else.
    Taken(Refusal),
}

/// What moving the tags came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagsOutcome {
    /// All tags name the digest.
    Moved {
        /// Which tags had to be moved; the others named it already.
        moved: Vec<String>,
    },
    /// Somebody else has moved `latest` since it was last looked at. It follows production, so it is moved all
    /// the same, but not before this is on record.
    Foreign {
        /// What it names now; `None` when it is gone.
        found: Option<ImageDigest>,
    },
    /// A tag that must never move names something else.
    Taken(Refusal),
}

/// What publishing the release came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseOutcome {
    /// It exists at the commit.
    Published {
        /// Where a person can look at it.
        url: String,
        /// Whether it existed already.
        recognised: bool,
    },
    /// The tag is at another commit.
    Taken(Refusal),
}

/// What registering a revision came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionOutcome {
    /// It is registered, now or before.
    Registered {
        /// Its ARN.
        arn: String,
        /// Whether it was found and not made.
        adopted: bool,
    },
}

/// How draining goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrainOutcome {
    /// ECS has been told.
    Requested,
    /// Tasks still run.
    Running,
    /// The last task has stopped.
    Drained,
    /// Somebody set the service back to running tasks.
    Reverted {
        /// In words.
        message: String,
    },
    /// Somebody else changed the service before it was drained; it was left as it is.
    Foreign {
        /// In words.
        message: String,
    },
}

/// What starting a rollout came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartOutcome {
    /// The service rolls it out, or has already.
    Started {
        /// The deployment's id, `ecs-svc/…`.
        rollout: String,
        /// Whether it was found and not started.
        adopted: bool,
        /// The deployment that was PRIMARY before, if it was seen.
        replaced: Option<String>,
    },
    /// Somebody else changed the service meanwhile; it was left as it is.
    Foreign {
        /// In words.
        message: String,
    },
}

/// How a rollout goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutOutcome {
    /// Under way, or not listed yet.
    InProgress {
        /// What can be seen so far.
        evidence: Evidence,
    },
    /// SUCCESSFUL, no old task left, running = desired ≥ 1.
    Succeeded,
    /// ECS gave it up (and may be rolling back).
    Failed {
        /// In words.
        message: String,
        /// What was seen.
        evidence: Evidence,
    },
    /// Somebody else's task definition is being rolled out.
    Superseded {
        /// In words.
        message: String,
    },
}

/// The proof that what runs is what was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Each running task with the digest that it reports.
    pub tasks: Vec<(String, String)>,
    /// Set when a task reports no digest: then parity is unproven, and said so.
    pub unproven: Option<String>,
    /// What somebody else has changed of what this deployment made: tags, release, revision. It does not
    /// change what runs, so it stops nothing; it is named and left as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// One readiness answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessSeen {
    /// The URL asked.
    pub url: String,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The body's beginning, or why there was no answer.
    pub detail: String,
}

/// What verifying a leg came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerificationOutcome {
    /// The digest is proven and the application is ready.
    Verified(Proof),
    /// Not (yet) ready.
    NotReady {
        /// What was seen.
        evidence: Evidence,
    },
    /// What was seen may be a picture from before this deployment's own changes: it says nothing yet.
    Unsettled,
    /// Something else runs.
    WrongDigest {
        /// In words.
        message: String,
        /// What was seen.
        evidence: Evidence,
    },
    /// Somebody else's task definition is being rolled out.
    Superseded {
        /// In words.
        message: String,
    },
}

/// What restoring `latest` came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreOutcome {
    /// Done, as far as there was something to restore.
    Restored {
        /// What was done, or why something was left as it is.
        notes: Vec<String>,
    },
}

/// What retiring the revisions came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetireOutcome {
    /// None of them can be deployed any more.
    Retired {
        /// Which.
        revisions: Vec<String>,
    },
}

/// A service's fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultReport {
    /// Which service, in words.
    pub service: String,
    /// What it said.
    pub message: String,
    /// Whether trying again can help.
    pub transient: bool,
    /// How long to wait before the next try: drawn by the shell below the policy's ceiling, or what the
    /// service asked for.
    pub wait: jiff::SignedDuration,
    /// Whether what was asked for may have happened, or may yet: then no end follows at once.
    pub ambiguous: bool,
}
