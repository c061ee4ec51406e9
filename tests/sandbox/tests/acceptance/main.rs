//! What Lockstep must do, seen from outside: real `lockstep` processes against the sandbox. One file per
//! group of promises; each test starts a sandbox of its own.

#![expect(unreachable_pub, reason = "a test program exports nothing; `pub` here means: for the other tests")]
#![expect(clippy::unwrap_used, reason = "a panic is the report")]

mod actions;
mod approval;
mod between;
mod cancellation;
mod checks;
mod concurrency;
mod doctor;
mod documents;
mod flows;
mod forges;
mod hands;
mod kills;
mod mailbox;
mod migration;
mod names;
mod operating;
mod promotion;
mod refusals;
mod requests;
mod stage;
mod staging;
mod table;
mod traces;
mod trap;
mod troubles;
mod untouched;
mod verdicts;
mod workers;
