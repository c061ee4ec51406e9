//! The sandbox.

pub mod stand_ins;
