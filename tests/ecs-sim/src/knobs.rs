//! The simulator's switches: injected faults, and every behaviour of ECS that is not known for certain.
//!
//! A knob that stands for an uncertain fact names where the uncertainty comes from; a client must be right under
//! each of its settings. Knobs never touch what is already recorded, only what happens next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// Whether the PRIMARY of a rollback is a new deployment. [Field logs name the deployment it goes back to, which
/// fits both; unverified]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RollbackPrimary {
    /// A new id, and new tasks.
    #[default]
    NewId,
    /// The last completed deployment becomes PRIMARY again, with its id and its remaining tasks.
    OldId,
}

/// What `containers[].imageDigest` of a task holds. [Unverified for multi-platform images; may be absent]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageDigest {
    /// The digest of the index the reference named (the manifest's for an image without an index).
    #[default]
    Index,
    /// The digest of the platform's manifest.
    Manifest,
    /// Nothing.
    Missing,
}

/// What the breaker does with rollback on and no COMPLETED deployment. [The developer guide says that the
/// deployment stalls; how it then looks is unverified]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BreakerWithoutTarget {
    /// `rolloutState` FAILED, the service deployment stays IN_PROGRESS, no further tasks.
    #[default]
    Stalls,
    /// Everything stays IN_PROGRESS, no further tasks.
    StallsSilently,
    /// `rolloutState` FAILED and the service deployment ROLLBACK_FAILED.
    FailsDeployment,
}

/// What StopServiceDeployment says to one that is being stopped or rolled back. [The developer guide: it
/// continues; the API model and field reports: ConflictException]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopWhileRollingBack {
    /// `ConflictException`.
    #[default]
    Conflict,
    /// Success, and nothing changes.
    Continues,
}

/// Whether a service revision's number is that of its deployment (`ecs-svc/N`). [Inferred from the Terraform
/// provider]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RevisionIds {
    /// The same number.
    #[default]
    FromDeployment,
    /// Another number.
    Unrelated,
}

/// The error for a deployment to an INACTIVE task definition. [Both were seen in the field; the text is the same]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum InactiveError {
    /// `InvalidParameterException`.
    #[default]
    InvalidParameter,
    /// `ClientException`.
    Client,
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LostAnswer {
    /// The connection breaks in the middle of the answer.
    #[default]
    ConnectionClosed,
    /// HTTP 500.
    ServerError,
}

/// Calls to refuse before they have any effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailNext {
    /// How many more calls.
    pub count: u32,
    /// HTTP status: 500 or 503.
    pub status: u16,
}

/// All switches. In JSON as here, in camelCase; what is left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Knobs {
    /// Action → how many more calls are answered with ThrottlingException.
    pub throttle: BTreeMap<String, u32>,
    /// Action → how many more calls fail with a 5xx and without effect.
    pub fail_next: BTreeMap<String, FailNext>,
    /// Action → how many more calls take effect but lose their answer.
    pub lose_answer: BTreeMap<String, u32>,
    /// How they lose it.
    pub lose_answer_by: LostAnswer,
    /// Describe and List calls show the world as it was that long ago (never before this was set).
    pub read_lag_ms: u64,
    /// A service deployment is neither listed nor described before that age. [How soon it is: unverified]
    pub service_deployment_listing_lag_ms: u64,
    /// A deregistered task definition can still be deployed for that long. [API reference: up to ten minutes]
    pub deregister_lag_ms: u64,
    /// `currentServiceDeployment` shows the one before. [Reported in ecspresso, issue 945]
    pub current_service_deployment_stale: bool,
    /// See [`RollbackPrimary`].
    pub rollback_primary: RollbackPrimary,
    /// See [`ImageDigest`].
    pub image_digest: ImageDigest,
    /// See [`BreakerWithoutTarget`].
    pub breaker_without_target: BreakerWithoutTarget,
    /// See [`StopWhileRollingBack`].
    pub stop_while_rolling_back: StopWhileRollingBack,
    /// See [`RevisionIds`].
    pub revision_ids: RevisionIds,
    /// See [`InactiveError`].
    pub inactive_task_definition: InactiveError,
    /// Whether a task that crashes soon after it was RUNNING is a failed task. [The breaker was seen to miss them]
    pub breaker_counts_crashes_after_start: bool,
    /// Whether tasks that are still stopping count towards maximumPercent. [The API reference names RUNNING and
    /// PENDING tasks only; with `false` a replacement may start while the old task is still stopping]
    pub stopping_tasks_fill_maximum: bool,
    /// How long a FAILED deployment stays in `deployments[]` after its last task. [Unverified; field logs
    /// show that it is there for a while]
    pub deployments_keep_failed_ms: u64,
    /// Every EventBridge event is delivered twice. [At least once]
    pub duplicate_events: bool,
    /// No EventBridge event is delivered.
    pub drop_events: bool,
    /// Events are delivered in pairs, the later one first. [Order is not guaranteed]
    pub reorder_events: bool,
    /// How long STOPPED tasks stay listed. [About an hour]
    pub stopped_task_retention_ms: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            throttle: BTreeMap::new(),
            fail_next: BTreeMap::new(),
            lose_answer: BTreeMap::new(),
            lose_answer_by: LostAnswer::default(),
            read_lag_ms: 0,
            service_deployment_listing_lag_ms: 0,
            deregister_lag_ms: 0,
            current_service_deployment_stale: false,
            rollback_primary: RollbackPrimary::default(),
            image_digest: ImageDigest::default(),
            breaker_without_target: BreakerWithoutTarget::default(),
            stop_while_rolling_back: StopWhileRollingBack::default(),
            revision_ids: RevisionIds::default(),
            inactive_task_definition: InactiveError::default(),
            breaker_counts_crashes_after_start: true,
            stopping_tasks_fill_maximum: true,
            deployments_keep_failed_ms: 500,
            duplicate_events: false,
            drop_events: false,
            reorder_events: false,
            stopped_task_retention_ms: 3_600_000,
        }
    }
}

/// A shared handle on a running simulator's knobs.
#[derive(Debug, Clone, Default)]
pub struct KnobsHandle {
    knobs: Arc<Mutex<Knobs>>,
}

impl KnobsHandle {
    pub(crate) fn new(knobs: Knobs) -> Self {
        Self { knobs: Arc::new(Mutex::new(knobs)) }
    }

    /// A copy of the present settings.
    pub fn get(&self) -> Knobs {
        self.lock().clone()
    }

    /// Replaces all settings.
    pub fn set(&self, knobs: Knobs) {
        *self.lock() = knobs;
    }

    /// Changes some settings and returns what `change` returns. Keep it short: every call waits for it.
    pub fn update<T>(&self, change: impl FnOnce(&mut Knobs) -> T) -> T {
        change(&mut self.lock())
    }

    /// A panic of another holder leaves plain values behind, never half-written ones.
    fn lock(&self) -> MutexGuard<'_, Knobs> {
        self.knobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one from an action's count. True if there was one to take.
pub(crate) fn take_one(counts: &mut BTreeMap<String, u32>, action: &str) -> bool {
    match counts.get_mut(action) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{FailNext, Knobs};

    #[test]
    fn partial_json_keeps_the_defaults_and_unknown_members_are_refused() {
        let knobs: Knobs = serde_json::from_str(
            r#"{"rollbackPrimary":"OldId","throttle":{"UpdateService":2},"failNext":{"ListTasks":{"count":1,"status":503}}}"#,
        )
        .unwrap();
        assert_eq!(knobs.throttle.get("UpdateService"), Some(&2));
        assert_eq!(knobs.fail_next.get("ListTasks"), Some(&FailNext { count: 1, status: 503 }));
        assert_eq!(knobs.stopped_task_retention_ms, 3_600_000);
        let wrong = serde_json::from_str::<Knobs>(r#"{"throtle":{}}"#).unwrap_err();
        assert!(wrong.to_string().contains("throtle"), "{wrong}");
    }
}
