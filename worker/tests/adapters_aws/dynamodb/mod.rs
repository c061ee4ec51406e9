//! The table adapter against dynoxide's DynamoDB: every outcome of every call.

mod answers;
mod application;
mod closing;
mod conflicts;
pub(crate) mod fixtures;
mod history;
mod holding;
mod locking;
mod table;
mod telling;
