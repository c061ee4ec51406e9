//! The one door between a worker and the town: a listener that every endpoint of the worker's configuration
//! names. Each request is recorded before anything is done about it, so none can escape; what becomes of it is
//! the run's to decide.

mod call;
mod known;
mod server;
mod tape;

pub(crate) use call::{Actor, Call, Request};
pub(crate) use known::Repeat;
pub(crate) use server::{Door, Outcome};
pub(crate) use tape::Tape;
