//! The pure core of Lockstep: given a snapshot, an event and the time, what a deployment does next. It
//! never does I/O, reads a clock or draws a random number; its manifest has neither tokio nor an SDK.
//!
//! Use: [`Machine::begin`] for a new deployment, [`Machine::restore`] for a stored one; [`Machine::effect`]
//! says what to do now, [`Machine::handle`] takes what came of it. The effect is a function of the
//! snapshot, so the stored state *is* the intent, and restoring it runs nothing.

#![warn(clippy::wildcard_enum_match_arm)]

mod deployment;
mod effect;
mod ending;
mod event;
mod event_name;
mod failure;
mod hints;
mod leg;
mod machine;
mod phases;
mod policy;
mod release;
mod snapshot;
mod state;
pub mod table;
mod unwind;
mod warrant;

pub use deployment::{Cancel, Deployment, Kind, Plan, Retry};
pub use effect::Effect;
pub use ending::{Ending, EnvironmentChange};
pub use event::{
    Baseline, BindingOutcome, Build, BuildOutcome, DispatchOutcome, DrainOutcome, Event, FaultReport,
    ImageOutcome, Inspection, InspectionOutcome, Proof, ReadinessSeen, ReleaseOutcome, RequesterOutcome,
    RestoreOutcome, RetireOutcome, RevisionOutcome, RolloutOutcome, Source, SourceOutcome, StartOutcome,
    TagsOutcome, VerificationOutcome,
};
pub use failure::{Evidence, Failure, FailureCode, Refusal, RefusalCode};
pub use hints::{EarlyNews, RolloutNews, RolloutSays};
pub use leg::Leg;
pub use machine::{Machine, Step, Transition, UnexpectedEvent};
pub use policy::{Deadlines, Policy, RetryPolicy};
pub use release::HealthyRelease;
pub use snapshot::{SNAPSHOT_VERSION, SnapshotError};
pub use state::{Phase, State};
pub use warrant::{Approval, Warrant, WarrantedRun};
