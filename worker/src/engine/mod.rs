//! The engine: takes a message, drives the deployment that it is about as far as it goes now, and says what
//! is to become of the message. Holds no deployment in memory between messages; the table is the truth.
//!
//! Which races there are, what settles each and where that is shown: ARCHITECTURE.md, "Why no result is
//! doubled".

mod accept;
mod cancel;
mod commit;
pub(crate) mod door;
mod drive;
mod freeze;
mod hint;
pub mod hold;
mod reconcile;
pub(crate) mod sending;
mod unlock;
mod unlock_unread;
mod wake;

use std::sync::Arc;

pub use reconcile::Reconciler;
pub use unlock::{Listener, UnlockProgress, UnlockRefused, UnlockWish, Unlocked};

use lockstep_events::{DecodeError, DeploymentId, Message};
use lockstep_state_machines::SnapshotError;

use crate::faults::Fault;
use crate::ports::Delivery;
use crate::world::World;

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Everything that it asked for is recorded, or a later wake-up has been sent: delete it.
    Done,
    /// It can never be understood or done: into the dead-letter queue, with this reason.
    Park(String),
}

/// Why a message could not be handled now. It stays in the queue and comes back.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The table or the queue failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A stored snapshot cannot be read by this build.
    #[error("deployment {id}: {source}")]
    Snapshot {
        /// Which deployment.
        id: DeploymentId,
        /// Why.
        source: SnapshotError,
    },
    /// The deployment's environment is not in this worker's configuration.
    #[error(
        "deployment {id} is in {application}/{environment}, which this worker's configuration does not have: add it, or start a worker that has it"
    )]
    NotConfigured {
        /// Which deployment.
        id: DeploymentId,
        /// Its application.
        application: String,
        /// Its environment.
        environment: String,
    },
    /// The state machine and the stored state do not fit together.
    #[error("deployment {id}: {problem}")]
    Inconsistent {
        /// Which deployment.
        id: DeploymentId,
        /// What is wrong.
        problem: String,
    },
    /// A cancellation arrived before the request it is about.
    #[error(
        "deployment {0} is not known yet: the message comes back until it is, or until the queue gives it up"
    )]
    NotYetKnown(DeploymentId),
}

impl EngineError {
    /// Whether the same message can be handled later without anybody doing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.is_transient(),
            Self::NotYetKnown(_) => true,
            Self::Snapshot { .. } | Self::NotConfigured { .. } | Self::Inconsistent { .. } => false,
        }
    }

    /// Whether a wake-up that met this must live on, however long it lasts: a service is away, or another
    /// worker has the configuration. What nobody can handle uses its deliveries up and is parked.
    #[must_use]
    pub fn keeps_wake_ups(&self) -> bool {
        self.is_transient() || matches!(self, Self::NotConfigured { .. })
    }
}

/// Drives deployments.
#[derive(Clone)]
pub struct Engine {
    world: Arc<World>,
}

impl Engine {
    /// An engine over these ports.
    #[must_use]
    pub fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// The ports and the configuration.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Handles one message.
    ///
    /// # Errors
    /// [`EngineError`]: the message must stay in the queue.
    pub async fn handle(&self, delivery: &Delivery) -> Result<Disposition, EngineError> {
        let message = match lockstep_events::decode(&delivery.body) {
            Ok(message) => message,
            Err(error) => return Ok(Disposition::Park(unreadable(&error))),
        };
        match message {
            Message::DeployRequested(request) => self.accept(*request, delivery).await,
            Message::CancelRequested(cancel) => self.cancel(&cancel, delivery).await,
            Message::WakeUp(wake) => self.wake(&wake, delivery).await,
            Message::BuildFinished(build) => self.build_finished(&build).await,
            Message::EcsDeploymentStateChange(change) => self.service_changed(&change).await,
        }
    }
}

fn unreadable(error: &DecodeError) -> String {
    format!("not understood: {error}")
}
