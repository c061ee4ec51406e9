//! The claim, lock and adoption protocol of Lockstep as a model for `stateright`: every order of the steps of
//! several workers, with crashes, pauses, duplicates and losses up to stated bounds. It follows
//! `worker/src/engine` step by step (what one step is, is said in `worker`), and its invariants are the ones
//! of the package `invariants`. Must never become a second engine: what a deployment does is shrunk to one
//! action, one wait and one way back, since the protocol is the same for all of them.
//!
//! Time has no numbers here. What the protocol needs to know is whether a lease has passed since a wake-up was
//! sent, so that is a step of its own (`service`), which ends every claim that is older than the wake-up.
//!
//! What is left out: that the sizes of the times fit (lease, call time-out, listing lag; `permit` and the
//! configuration's check are where that is said), reads that fail, unlocking by an operator, foreign changes,
//! deadlines, and the dead-letter queue. A wish to cancel is not lost and not delivered twice. A worker's error
//! is a crash here: either way its message comes back and its claim is nobody's.

mod act;
mod bounds;
mod condition;
mod merge;
mod model;
mod observe;
mod outcome;
mod report;
mod schedule;
mod service;
mod state;
mod table;
mod worker;

pub use bounds::{Bounds, Faults};
pub use condition::Condition;
pub use model::{Action, Protocol};
pub use report::{Report, check, find};
pub use state::State;
