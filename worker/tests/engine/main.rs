//! The engine and the worker's loop over in-memory doubles of the ports: the races that ARCHITECTURE.md names,
//! each brought about on purpose. Must never reach a network, and never wait for time to pass: the clock and
//! the queue's delays are moved by the tests.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report, in its helpers too"
)]

mod again;
mod calls;
mod cancelling;
mod databases;
mod dead_workers;
mod doubles;
mod early_news;
mod early_wakes;
mod faults;
mod foreign;
mod freezes;
mod going_back;
mod hints;
mod holds;
mod inspecting;
mod locking;
mod looping;
mod notifying;
mod operating;
mod paused_workers;
mod pauses;
mod planning;
mod promoting;
mod proving;
mod reconciling;
mod releasing;
mod requests;
mod rolling_out;
mod service;
mod settling;
mod sources;
mod stage;
mod unlocking;
mod unlocking_by_force;
mod waiting;
mod who;
