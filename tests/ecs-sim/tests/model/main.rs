//! The model alone, under virtual time: no process, no socket, no waiting.

mod circuit_breaker;
mod rollouts;
mod virtual_time;
