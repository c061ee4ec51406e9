//! Lockstep's shell: everything around the pure state machine that touches the world. The binary
//! `lockstep` is a thin command line over this library, so that tests and the sandbox drive exactly what
//! users run. Must never decide what a deployment does next: `lockstep_state_machines` does.

pub mod adapters;
pub mod cli;
pub mod config;
pub mod dashboard;
pub mod effects;
pub mod engine;
pub mod faults;
pub mod notifications;
pub mod operations;
pub mod ports;
pub mod rehearsal;
pub mod service;
pub mod timeline;
pub mod wiring;
pub mod world;
