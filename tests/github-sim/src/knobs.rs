//! What can be made to go differently while the simulator runs: delays, failures, limits and GitHub's
//! behaviours that are not certain.
//!
//! A knob must never change what is stored, only how calls and builds go from now on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::route_kind::RouteKind;

/// What the tag of a built image names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageShape {
    /// An index with an attestation, as `docker buildx` pushes by default.
    #[default]
    Index,
    /// A plain manifest.
    Manifest,
}

/// Failing calls before they have an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailNext {
    /// How many of the next calls.
    pub count: u64,
    /// The HTTP status to answer with.
    pub status: u16,
}

/// Refusing calls because the hourly quota is used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrimaryLimit {
    /// How many of the next calls.
    pub count: u64,
    /// Seconds until the quota is said to be renewed.
    pub reset_in_s: u64,
}

/// Refusing calls because of GitHub's secondary limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecondaryLimit {
    /// How many of the next calls.
    pub count: u64,
    /// The `Retry-After` header; GitHub does not always send one.
    pub retry_after_s: Option<u64>,
    /// 403 or 429: GitHub documents both.
    pub status: Option<u16>,
}

/// All knobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// How long a dispatched run is queued.
    pub queue_delay_ms: u64,
    /// How long a build takes before it pushes.
    pub build_delay_ms: u64,
    /// What the tag of a built image names.
    pub image_shape: ImageShape,
    /// Whether two builds of one commit yield the same digest.
    pub reproducible: bool,
    /// How long a dispatched run is missing from listings. Unverified at GitHub; seconds are reported.
    pub dispatch_listing_lag_ms: u64,
    /// Whether runs hide their branch: GitHub documents `head_branch` as nullable.
    pub null_head_branch: bool,
    /// Whether a run's `name` is its workflow's name; `display_title` is the run's own name in any case.
    /// Unverified which of the two GitHub does when the workflow has a `run-name`.
    pub workflow_name_as_run_name: bool,
    /// Whether dispatches never tell the run's id, as before 2026-02-19.
    pub old_dispatch: bool,
    /// Calls to fail before their effect.
    pub fail_next: BTreeMap<RouteKind, FailNext>,
    /// Calls to answer with 502 after their effect, by how many.
    pub lose_answer: BTreeMap<RouteKind, u64>,
    /// Calls of any kind to refuse by the hourly quota.
    pub primary_limit: PrimaryLimit,
    /// Calls of any kind to refuse by a secondary limit.
    pub secondary_limit: SecondaryLimit,
    /// The hourly quota. GitHub gives an installation 5,000; here time is short, so the default is larger.
    pub hourly_requests: u64,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            queue_delay_ms: 50,
            build_delay_ms: 100,
            image_shape: ImageShape::default(),
            reproducible: true,
            dispatch_listing_lag_ms: 0,
            null_head_branch: false,
            workflow_name_as_run_name: false,
            old_dispatch: false,
            fail_next: BTreeMap::new(),
            lose_answer: BTreeMap::new(),
            primary_limit: PrimaryLimit::default(),
            secondary_limit: SecondaryLimit::default(),
            hourly_requests: 1_000_000,
        }
    }
}

/// The knobs of a running simulator; clones turn the same ones.
#[derive(Debug, Clone)]
pub struct KnobsHandle(Arc<Mutex<Knobs>>);

impl KnobsHandle {
    pub(crate) fn new(knobs: Knobs) -> Self {
        Self(Arc::new(Mutex::new(knobs)))
    }

    /// The knobs as they stand now; counts go down as calls use them up.
    #[must_use]
    pub fn get(&self) -> Knobs {
        self.with(|knobs| knobs.clone())
    }

    /// Turns some of them.
    pub fn change(&self, change: impl FnOnce(&mut Knobs)) {
        self.with(change);
    }

    /// Replaces the knobs named by the keys of a JSON object.
    ///
    /// # Errors
    /// For an unknown knob or a value that it cannot take; nothing is changed then.
    pub fn merge(&self, update: &Value) -> Result<Knobs, serde_json::Error> {
        self.with(|knobs| {
            let mut merged = serde_json::to_value(&*knobs)?;
            let update: serde_json::Map<String, Value> = serde_json::from_value(update.clone())?;
            if let Value::Object(merged) = &mut merged {
                merged.extend(update);
            }
            *knobs = serde_json::from_value(merged)?;
            Ok(knobs.clone())
        })
    }

    /// The status to fail this call with, if it is to fail.
    pub(crate) fn take_failure(&self, kind: RouteKind) -> Option<u16> {
        self.with(|knobs| {
            let failure = knobs.fail_next.get_mut(&kind)?;
            take(&mut failure.count).then_some(failure.status)
        })
    }

    /// Whether this call's answer is to be lost.
    pub(crate) fn take_lost_answer(&self, kind: RouteKind) -> bool {
        self.with(|knobs| knobs.lose_answer.get_mut(&kind).is_some_and(take))
    }

    /// Whether this call meets the hourly quota, and when that is renewed.
    pub(crate) fn take_primary_limit(&self) -> Option<u64> {
        self.with(|knobs| take(&mut knobs.primary_limit.count).then_some(knobs.primary_limit.reset_in_s))
    }

    /// Whether this call meets a secondary limit.
    pub(crate) fn take_secondary_limit(&self) -> Option<SecondaryLimit> {
        self.with(|knobs| take(&mut knobs.secondary_limit.count).then_some(knobs.secondary_limit))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Knobs) -> T) -> T {
        // Knobs are plain values: one left behind by a panic is still one.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Uses up one of `count`; `false` when there is none left.
fn take(count: &mut u64) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn merging_touches_only_what_is_named_and_refuses_what_is_unknown() {
        let handle = KnobsHandle::new(Knobs::default());
        handle.merge(&json!({ "old_dispatch": true })).unwrap();
        let update = json!({ "fail_next": { "dispatch": { "count": 2, "status": 503 } } });
        handle.merge(&update).unwrap();
        assert!(handle.get().old_dispatch);
        for wrong in [json!({ "speed": 1 }), json!({ "lose_answer": { "typo": 1 } }), json!([])] {
            handle.merge(&wrong).unwrap_err();
        }
        assert_eq!(handle.take_failure(RouteKind::Dispatch), Some(503));
        assert_eq!(handle.take_failure(RouteKind::CreateRelease), None);
        assert_eq!(handle.take_failure(RouteKind::Dispatch), Some(503));
        assert_eq!(handle.take_failure(RouteKind::Dispatch), None, "used up");
    }
}
