//! The table: the truth about every deployment. All reads are strongly consistent, all writes conditional.
//!
//! A deployment's history is a sequence of items, 1, 2, 3, …; putting item N if it is absent *is* the
//! commit of transition N, and the item carries the snapshot. So the state can never disagree with the
//! history, a writer that missed an item cannot write the next, and a plain transition is one write.

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep_events::{
    ApplicationName, BetaTag, Claim, CommitSha, DeploymentId, EnvironmentName, ImageDigest, Reason, Version,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Answer, Hold, HoldChanged, HoldRecord, Holding, Releasing};

/// One history item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which deployment.
    pub id: DeploymentId,
    /// Its place in the history, from 1.
    pub seq: u64,
    /// When, by the writer's clock: for people.
    pub at: Timestamp,
    /// Which worker wrote it (host and process: for people).
    pub worker: String,
    /// Unique for this write: how a writer whose answer was lost recognises its own item.
    pub write_id: String,
    /// The state before, such as `locked/awaiting-build`; `requested` for the first.
    pub from: String,
    /// The state after.
    pub to: String,
    /// What happened, such as `image-built`.
    pub event: String,
    /// One line for people.
    pub detail: String,
    /// The newest wake-up's number (protocol rule 7).
    pub wake: u64,
    /// Who may execute the pending effect: a nonce of one worker process's claim, if claimed.
    pub claim: Option<String>,
    /// Whether `to` is a terminal state.
    pub terminal: bool,
    /// The state machine's snapshot, JSON.
    pub snapshot: String,
}

impl Entry {
    /// The claim that stands in this item, if one does.
    #[must_use]
    pub fn claim(&self) -> Option<Claim> {
        self.claim.as_ref().map(|nonce| Claim { item: self.seq, nonce: nonce.clone() })
    }
}

/// A history item as read.
pub type Recorded = Entry;

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It stands (now, or already from a try whose answer was lost).
    Written,
    /// Another item has this number: somebody else went on. Read again. From [`Store::close`] it may also
    /// carry the item that the caller itself wrote last, nothing newer: then the lock alone is gone, for
    /// example because somebody removed it by hand.
    Lost(Box<Recorded>),
}

/// The lock of an environment. The item stays when the lock is released, so that tokens only rise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The deployment that holds it, if any.
    pub holder: Option<DeploymentId>,
    /// The fencing token of the holder, or of the last one; 0 before the first.
    pub token: u64,
    /// Since when it is held.
    pub since: Option<Timestamp>,
    /// Who asked for the holding deployment.
    pub actor: Option<String>,
    /// The hold that was set last, unless it was released; it may have ended by itself.
    pub hold: Option<Hold>,
}

/// A deployment as the environment's list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Which deployment.
    pub id: DeploymentId,
    /// What was asked for, in words.
    pub target: String,
    /// Who asked.
    pub actor: String,
    /// When the worker took it up; once it has ended, when that was.
    pub at: Timestamp,
    /// Its terminal state, once it has one.
    pub outcome: Option<String>,
    /// Why it ended so, one line.
    pub reason: Option<String>,
}

/// Take the lock and create the record, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The token read before; the lock must still carry it and have no holder. The new one is one higher.
    pub observed_token: u64,
    /// A hold that was read before and has ended by itself: if one stands, it must still be this one.
    pub ended_hold: Option<Uuid>,
    /// History item 1.
    pub entry: Entry,
    /// The environment's list gets this line.
    pub summary: Summary,
}

/// What became of an opening (or of a rejection).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// It stands.
    Written,
    /// This id has a record already; its item 1.
    AlreadyRecorded(Box<Recorded>),
    /// The environment is on hold: the hold that made the condition fail, whoever holds the lock.
    OnHold(Hold),
    /// Another deployment holds the lock: its state when the condition failed.
    Held(Lock),
    /// The lock is not as it was read (another token, or free again): read it and try again.
    LockMoved,
}

/// Create a record as rejected because of the lock's holder, in one transaction that finds it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The holder that is in the way; `None` when the reason is not the lock, and the lock is not looked at.
    pub because_of: Option<DeploymentId>,
    /// History item 1, in the terminal state `rejected`.
    pub entry: Entry,
    /// The environment's list gets this line; `None` for a request of somebody who has no say there.
    pub summary: Option<Summary>,
}

/// A release that was seen healthy in an environment.
pub type HealthyRelease = lockstep_state_machines::HealthyRelease;

/// What is known of an environment. Written only by the holder of its lock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// What runs there, as far as Lockstep has verified it; `None` when it cannot tell.
    pub current: Option<HealthyRelease>,
    /// Where a rollback goes.
    pub last_healthy: Option<HealthyRelease>,
    /// Set when a deployment ended without a verified state: why, and whose it was. The next one settles it.
    pub dirty: Option<String>,
    /// The tasks to run, kept for when a deployment dies with the service drained.
    pub desired: Option<u32>,
}

/// An environment's lock and record, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentView {
    /// Its lock.
    pub lock: Lock,
    /// Its record.
    pub record: EnvironmentRecord,
}

/// Reach a terminal state, update the environment and release the lock, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The token under which the deployment holds the lock.
    pub token: u64,
    /// The last history item.
    pub entry: Entry,
    /// The environment's new record, if it changes.
    pub record: Option<EnvironmentRecord>,
    /// The beta that has been healthy, if one has.
    pub beta: Option<BetaRecord>,
    /// The deployment's line in the environment's list.
    pub summary: Summary,
}

/// The image of a commit. The first one recorded is the commit's image for ever (protocol rule 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// The commit.
    pub commit: CommitSha,
    /// What the build pushed: a manifest or an index.
    pub digest: ImageDigest,
    /// Whose build it was.
    pub deployment: DeploymentId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Where a person can look at the build.
    pub build_url: String,
}

/// What a version means. The first one recorded is its meaning for ever (protocol rule 14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionBinding {
    /// The version.
    pub version: Version,
    /// The commit.
    pub commit: CommitSha,
    /// The image.
    pub digest: ImageDigest,
    /// The beta that was promoted.
    pub beta: BetaTag,
    /// Whose promotion it was.
    pub deployment: DeploymentId,
    /// When.
    pub at: Timestamp,
}

/// A beta that has been healthy in staging (protocol rule 15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BetaRecord {
    /// Its tag.
    pub tag: BetaTag,
    /// The commit.
    pub commit: CommitSha,
    /// The image.
    pub digest: ImageDigest,
    /// The staging deployment that showed it.
    pub deployment: DeploymentId,
    /// Why the latest release was not deployed before it, if somebody asked for that: then its migrations
    /// have met an empty database only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_baseline: Option<Reason>,
    /// When.
    pub at: Timestamp,
}

/// Which deployment an attempt of a workflow run asked for. The first one recorded is its meaning for ever: a run is
/// approved for one deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBinding {
    /// The run.
    pub run: u64,
    /// Its attempt.
    pub attempt: u32,
    /// The deployment.
    pub deployment: DeploymentId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The table.
#[async_trait]
pub trait Store: Send + Sync {
    /// The newest item of a deployment's history; `None` when there is no such deployment.
    async fn newest(&self, id: DeploymentId) -> Answer<Option<Recorded>>;

    /// The history after `after` (0 for all of it), in order.
    async fn history(&self, id: DeploymentId, after: u64) -> Answer<Vec<Recorded>>;

    /// Commits a plain transition: puts the item if its number is free.
    async fn append(&self, entry: &Entry) -> Answer<Appended>;

    /// Takes the lock and creates the record.
    async fn open(&self, opening: &Opening) -> Answer<Opened>;

    /// Creates the record as rejected.
    async fn reject(&self, rejected: &Rejected) -> Answer<Opened>;

    /// Reaches a terminal state and releases the lock. `Lost` when item or lock are not the caller's any more;
    /// it carries the history's newest item, which is the caller's own when only the lock is gone.
    async fn close(&self, closing: &Closing) -> Answer<Appended>;

    /// Puts an environment on hold: no request is accepted there from then on. What is under way goes on.
    async fn hold(&self, holding: &Holding) -> Answer<HoldChanged>;

    /// Ends a hold.
    async fn release_hold(&self, releasing: &Releasing) -> Answer<HoldChanged>;

    /// The environment's newest holds, newest first, whatever became of them.
    async fn holds(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<HoldRecord>>;

    /// An environment's lock and record.
    async fn environment(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
    ) -> Answer<EnvironmentView>;

    /// The environment's newest deployments, newest first.
    async fn deployments(
        &self,
        application: &ApplicationName,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Answer<Vec<Summary>>;

    /// The image of a commit, if one is recorded.
    async fn image(&self, application: &ApplicationName, commit: &CommitSha) -> Answer<Option<ImageRecord>>;

    /// Records the image of a commit unless one is; returns the one that stands.
    async fn record_image(&self, application: &ApplicationName, image: &ImageRecord) -> Answer<ImageRecord>;

    /// What a version is bound to, if it is.
    async fn version(
        &self,
        application: &ApplicationName,
        version: &Version,
    ) -> Answer<Option<VersionBinding>>;

    /// Binds a version unless it is; returns the binding that stands.
    async fn bind_version(
        &self,
        application: &ApplicationName,
        binding: &VersionBinding,
    ) -> Answer<VersionBinding>;

    /// Binds an attempt of a workflow run unless it is; returns the binding that stands.
    async fn bind_run(&self, application: &ApplicationName, binding: &RunBinding) -> Answer<RunBinding>;

    /// A beta's healthy record, if it has one.
    async fn beta(&self, application: &ApplicationName, tag: &BetaTag) -> Answer<Option<BetaRecord>>;

    /// Every beta with a healthy record and every version binding, each by time, newest first.
    async fn releases(&self, application: &ApplicationName)
    -> Answer<(Vec<BetaRecord>, Vec<VersionBinding>)>;
}
