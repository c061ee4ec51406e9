//! Ports: what the engine needs from the outside, stated as contracts. A port must never mention an SDK's
//! type; adapters (`crate::adapters`) hold all I/O, and an in-memory double may stand in for each.

mod application;
mod chance;
mod clock;
mod cluster;
mod forge;
mod hold;
mod notices;
mod progress;
mod queue;
mod registry;
pub mod setup;
mod store;
mod workflow_run;

pub use application::{Application, ReadinessAnswer, ReadinessProbe};
pub use chance::Chance;
pub use clock::{Clock, within};
pub use cluster::{
    CircuitBreaker, Cluster, ContainerView, DeploymentStatus, DeploymentView, Marks, RolloutRollback,
    RolloutState, RolloutStatus, RolloutView, ServiceEvent, ServiceRef, ServiceView, TaskContainer,
    TaskDefinitionView, TaskView, UpdateAnswer, UpdateService,
};
pub use forge::{BuildRun, BuildStatus, Checks, Dispatch, Forge, NewRelease, Release, ReleaseChange};
pub use hold::{Hold, HoldChanged, HoldRecord, HoldRelease, Holding, Releasing};
pub use notices::{Deliveries, DeliveryRecords, Notice, Settled, Trying, Webhook};
pub use progress::{Progress, ProgressEvent, RevisionProgress, ServiceProgress};
pub use queue::{DeadLetter, DeadLetters, Delivery, Origin, Queue};
pub use registry::{ImageContents, Registry};
pub use store::{
    Appended, BetaRecord, Closing, Entry, EnvironmentRecord, EnvironmentView, HealthyRelease, ImageRecord,
    Lock, Opened, Opening, Recorded, Rejected, RunBinding, Store, Summary, VersionBinding,
};
pub use workflow_run::{ReviewRules, ReviewState, RunReview, WorkflowRun};

/// What every call to the outside returns.
pub type Answer<T> = Result<T, crate::faults::Fault>;
