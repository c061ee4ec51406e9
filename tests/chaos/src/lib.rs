//! A town of applications, real `lockstep worker` processes that deploy them, what is done to those (killed,
//! paused, cut off), and the account of every request and effect at the end. Must never look into a worker: what
//! happened is asked of the table and of the services.

#![expect(clippy::unwrap_used, reason = "it is for tests only: a panic is the report")]

mod account;
mod chance;
mod crew;
pub mod hands;
mod proxy;
mod run;
mod senders;
mod town;

pub use proxy::Faults;
pub use run::{Outcome, Plan, disturbed_for, run, seed};
pub use town::Town;
