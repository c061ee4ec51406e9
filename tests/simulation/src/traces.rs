//! What the services' own logs say: which deployment changed what, how often, and whether it had ended by then.
//! Must never count a call that found its work done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockstep_events::{DeploymentId, EnvironmentName};

use crate::plan::LEASE;
use crate::universe::Universe;

/// Names an effect that a deployment has at most once. A step that goes there and back is named with the state
/// in which its call was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// A run of the build workflow.
    Build,
    /// A release or prerelease of this tag.
    Release(String),
    /// A tag of the registry.
    Tag(String, String),
    /// GitHub's latest release.
    LatestRelease(String),
    /// The revision of a leg.
    Revision(String),
    /// A rollout of a revision.
    Rollout(String, String),
    /// The desired count.
    Count(String),
    /// A revision made INACTIVE.
    Retirement(String),
}

/// How often something changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changes {
    pub(crate) all: u32,
    pub(crate) late: u32,
}

/// The log.
#[derive(Default)]
pub(crate) struct Traces {
    pub(crate) changes: BTreeMap<(DeploymentId, Effect), Changes>,
    /// Deployments that changed a service.
    pub(crate) touched: BTreeSet<DeploymentId>,
    /// What somebody else put there, digests and revisions, and when.
    pub(crate) foreign: BTreeMap<String, Duration>,
    /// What of that a deployment has replaced although it could have seen it.
    pub(crate) replaced: Vec<(DeploymentId, String)>,
    /// Digests that deployments rolled out in production.
    pub(crate) in_production: Vec<(EnvironmentName, String)>,
}

/// Who sends a call, as the lock says at that moment, and in which state.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) deployment: DeploymentId,
    pub(crate) state: String,
}

impl Universe {
    /// The holder of an environment's lock.
    pub(crate) fn holder(&self, environment: &str) -> Option<Sender> {
        let environment: EnvironmentName = environment.parse().ok()?;
        let deployment = self.table.locks.get(&environment)?.holder?;
        Some(Sender { deployment, state: self.table.newest(deployment)?.to.clone() })
    }

    /// Who moves an image tag: production's holder, or the holder of a staging environment whose beta it is.
    pub(crate) fn tag_mover(&self, tag: &str) -> Option<Sender> {
        if !tag.ends_with(".beta") {
            return self.holder(crate::setting::PRODUCTION);
        }
        let named = format!("\"{tag}\"");
        let holders = crate::setting::ENVIRONMENTS.into_iter().filter_map(|name| self.holder(name));
        holders.into_iter().find(|sender| {
            sender.state.ends_with("moving-tags")
                && self.table.newest(sender.deployment).is_some_and(|newest| newest.snapshot.contains(&named))
        })
    }

    /// Notes that a deployment replaced what was there, if somebody else had put it there; whether they had.
    pub(crate) fn replaced_by(&mut self, deployment: DeploymentId, before: Option<String>) -> bool {
        let found = before.and_then(|before| self.traces.foreign.get_key_value(&before));
        let Some((foreign, at)) = found.map(|(foreign, at)| (foreign.clone(), *at)) else { return false };
        // No service compares and sets: a change between the look and the call is overtaken.
        if self.now < at + LEASE {
            self.counts.one("foreign changes overtaken");
        } else {
            self.traces.replaced.push((deployment, foreign));
        }
        true
    }

    /// Notes that an effect changed something.
    pub(crate) fn changed_by(&mut self, deployment: DeploymentId, effect: Effect) {
        let late = self.table.lives.get(&deployment).is_none_or(crate::services::table::Life::is_terminal);
        let changes = self.traces.changes.entry((deployment, effect)).or_default();
        changes.all += 1;
        changes.late += u32::from(late);
        self.changed = true;
    }
}
