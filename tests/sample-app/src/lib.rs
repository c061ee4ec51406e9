//! The application that the sandbox deploys, and the database that it uses: one small program, two roles.
//!
//! It stands in for a customer's server: it migrates its database at start, says when it is ready and which
//! commit it runs, and can be made to misbehave by its `release.json`. It must never be linked into the
//! product; only the stand-ins and tests know it.

pub mod database;
pub mod release;
pub mod serve;
pub mod sql;
pub mod stop;

mod client;
mod migrate;
mod startup;

pub use startup::StartError;
