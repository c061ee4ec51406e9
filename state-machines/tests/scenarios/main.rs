//! The flows that a person on call should be able to read: what happens, through which states, how it ends.
//! One file a topic; `run` is the driver.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod afresh;
mod asked;
mod cancelling;
mod faults;
mod foreign;
mod hints;
mod measured;
mod polling;
mod production;
mod run;
mod staging;
mod unexpected;
mod unlocking;
