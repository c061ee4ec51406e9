//! Scratch entry point of one helper while others' modules do not compile; to be removed.
#![allow(dead_code)]

#[path = "../acceptance/checks.rs"]
mod checks;
#[path = "../acceptance/hands.rs"]
mod hands;
#[path = "../acceptance/migration.rs"]
mod migration;
#[path = "../acceptance/refusals.rs"]
mod refusals;
#[path = "../acceptance/stage.rs"]
mod stage;
#[path = "../acceptance/staging.rs"]
mod staging;
#[path = "../acceptance/untouched.rs"]
mod untouched;
