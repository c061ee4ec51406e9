//! What Lockstep must do, seen from outside: real `lockstep` processes against the sandbox. One file per
//! group of promises; each test starts a sandbox of its own.

mod checks;
mod hands;
mod promotion;
mod stage;
mod staging;
mod untouched;
mod verdicts;
