//! The states and their hierarchy. A leaf is one step with one effect; its phase is the customer's state.
//! Stored snapshots hold these variants: renaming one needs a new snapshot version.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Leg;

/// A leaf state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum State {
    /// Deciding whether the source may be deployed.
    CheckingSource,
    /// Looking at the environment before anything is changed.
    Inspecting,
    /// Starting the build workflow.
    DispatchingBuild,
    /// Following the build.
    AwaitingBuild,
    /// Recording which digest is the commit's image.
    RecordingImage,
    /// Binding the version to commit and digest (production).
    BindingVersion,
    /// Pointing the environment's tags at the digest.
    MovingTags,
    /// Creating (or recognising) the prerelease or release.
    PublishingRelease,
    /// Registering a leg's task-definition revision.
    Registering {
        /// Which leg.
        leg: Leg,
    },
    /// Telling ECS to stop the application's tasks before its database is replaced.
    Draining {
        /// Whether this is on the way back.
        restoring: bool,
    },
    /// Waiting until the last of them has stopped.
    AwaitingDrain {
        /// Whether this is on the way back.
        restoring: bool,
    },
    /// Updating the service to a leg's revision.
    Starting {
        /// Which leg.
        leg: Leg,
    },
    /// Following a leg's rollout.
    RollingOut {
        /// Which leg.
        leg: Leg,
    },
    /// Proving digest and readiness of a leg.
    Verifying {
        /// Which leg.
        leg: Leg,
    },
    /// Returning `latest` and the latest release to the last healthy one.
    RestoringReferences,
    /// Deregistering the revisions that must never be deployed again.
    Retiring,
    /// Waiting until the last call, of which nobody knows whether it took effect, has arrived or never will:
    /// no end is written before (protocol rule 3).
    Settling,
    /// Terminal: refused, nothing was touched.
    Rejected,
    /// Terminal: runs, proven.
    Healthy,
    /// Terminal: the last healthy release runs again, proven.
    RolledBack,
    /// Terminal: it failed; the record says whether an operator is needed.
    Failed,
    /// Terminal: stopped on request before anything was deployed.
    Cancelled,
}

/// The customer's states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The environment is ours; source, environment and image are being settled.
    Locked,
    /// An image of the commit is known by digest.
    Built,
    /// The environment's tag names that digest and the (pre)release exists.
    Retagged,
    /// The environment is being changed.
    Deploying,
    /// It is being put back.
    RollingBack,
    /// Terminal.
    Rejected,
    /// Terminal.
    Healthy,
    /// Terminal.
    RolledBack,
    /// Terminal.
    Failed,
    /// Terminal.
    Cancelled,
}

impl Phase {
    /// The phase's name as stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Built => "built",
            Self::Retagged => "retagged",
            Self::Deploying => "deploying",
            Self::RollingBack => "rolling-back",
            Self::Rejected => "rejected",
            Self::Healthy => "healthy",
            Self::RolledBack => "rolled-back",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl State {
    /// The phase that this state is a step of.
    #[must_use]
    pub fn phase(self) -> Phase {
        match self {
            Self::CheckingSource
            | Self::Inspecting
            | Self::DispatchingBuild
            | Self::AwaitingBuild
            | Self::RecordingImage => Phase::Locked,
            Self::BindingVersion | Self::MovingTags | Self::PublishingRelease => Phase::Built,
            Self::Registering { leg } if leg.is_restoring() => Phase::RollingBack,
            Self::Registering { .. } => Phase::Retagged,
            Self::Draining { restoring } | Self::AwaitingDrain { restoring } => {
                if restoring {
                    Phase::RollingBack
                } else {
                    Phase::Deploying
                }
            }
            Self::Starting { leg } | Self::RollingOut { leg } | Self::Verifying { leg } => {
                if leg.is_restoring() { Phase::RollingBack } else { Phase::Deploying }
            }
            Self::RestoringReferences | Self::Retiring | Self::Settling => Phase::RollingBack,
            Self::Rejected => Phase::Rejected,
            Self::Healthy => Phase::Healthy,
            Self::RolledBack => Phase::RolledBack,
            Self::Failed => Phase::Failed,
            Self::Cancelled => Phase::Cancelled,
        }
    }

    /// The step's name within its phase; empty in a terminal state.
    #[must_use]
    pub fn step(self) -> &'static str {
        match self {
            Self::CheckingSource => "checking-source",
            Self::Inspecting => "inspecting-environment",
            Self::DispatchingBuild => "dispatching-build",
            Self::AwaitingBuild => "awaiting-build",
            Self::RecordingImage => "recording-image",
            Self::BindingVersion => "binding-version",
            Self::MovingTags => "moving-tags",
            Self::PublishingRelease => "publishing-release",
            Self::Registering { leg } => match leg {
                Leg::Database | Leg::RestoredDatabase => "registering-database",
                Leg::Baseline => "registering-baseline",
                Leg::Candidate => "registering-candidate",
                Leg::Restored => "registering-restored",
            },
            Self::Draining { .. } => "draining",
            Self::AwaitingDrain { .. } => "awaiting-drain",
            Self::Starting { leg } => match leg {
                Leg::Database | Leg::RestoredDatabase => "resetting-database",
                Leg::Baseline => "starting-baseline",
                Leg::Candidate => "starting-candidate",
                Leg::Restored => "starting-restored",
            },
            Self::RollingOut { leg } => match leg {
                Leg::Database | Leg::RestoredDatabase => "awaiting-database",
                Leg::Baseline => "rolling-out-baseline",
                Leg::Candidate => "rolling-out-candidate",
                Leg::Restored => "rolling-out-restored",
            },
            Self::Verifying { leg } => match leg {
                Leg::Database | Leg::RestoredDatabase => "checking-database",
                Leg::Baseline => "checking-baseline",
                Leg::Candidate => "checking-readiness",
                Leg::Restored => "checking-restored",
            },
            Self::RestoringReferences => "restoring-references",
            Self::Retiring => "retiring-revisions",
            Self::Settling => "settling-last-call",
            Self::Rejected | Self::Healthy | Self::RolledBack | Self::Failed | Self::Cancelled => "",
        }
    }

    /// Whether nothing can happen any more.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        self.step().is_empty()
    }

    /// Whether this state waits for something outside, so that a worker looks now and then and holds
    /// nothing in between. In every other state the worker acts at once.
    #[must_use]
    pub fn is_waiting(self) -> bool {
        matches!(
            self,
            Self::AwaitingBuild
                | Self::AwaitingDrain { .. }
                | Self::RollingOut { .. }
                | Self::Verifying { .. }
        )
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step() {
            "" => f.write_str(self.phase().name()),
            step => write!(f, "{}/{step}", self.phase().name()),
        }
    }
}
