//! The fuzz targets, one file for each side that input comes from. As plain tests they run for a few seconds
//! each; `cargo bolero test -p fuzz-targets <name>` runs one for as long as one likes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

mod classification;
mod configuration;
mod ecs;
mod github;
mod manifests;
mod messages;
mod names;
mod queue;
mod readiness;
mod snapshots;
mod table;

/// A target of this name over the documents of this family.
macro_rules! target {
    ($name:literal, $family:literal, $check:expr) => {
        fuzz_targets::Target::new($name, $family, env!("CARGO_TARGET_TMPDIR")).run(bolero::check!(), $check)
    };
}
use target;

/// A runtime of this thread alone, for the targets that wait for an answer.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
