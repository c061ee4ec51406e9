//! The worker under one seed: its own loop, several times over, against services in memory, with virtual time
//! and every kind of trouble. A seed is the whole run and replays exactly. Must never know the worker's inner
//! states but through what it writes into the table.
//!
//! - `plan`, `dice`: what a seed brings. `calendar`, `universe`, `executor`, `run`: virtual time and the loop.
//! - `services`: table, queue, ECS, GitHub and registry. `ports`, `wire`: how a worker reaches them, and what
//!   becomes of its calls. `staff`, `customers`: crashes and pauses; requests and foreign changes.
//! - `referee`: what must hold, after every step and at the end. `sabotage`: the negative controls.

mod calendar;
mod campaign;
mod counts;
mod customers;
mod dice;
mod executor;
mod journal;
mod plan;
mod ports;
mod referee;
mod run;
mod sabotage;
mod services;
mod setting;
mod staff;
mod traces;
mod universe;
mod wire;

pub use campaign::{Campaign, Summary};
pub use counts::Counts;
pub use run::{Report, run};
pub use sabotage::Sabotage;
