//! The protocol as it is, every state within stated bounds. Must never be made to pass by smaller bounds than
//! those that docs/testing.md names.

#![expect(clippy::unwrap_used, reason = "a panic is a failed test")]

use std::fmt::Write;
use std::path::Path;

use protocol_model::{Bounds, Faults, Protocol, Report, check};

/// Every kind of fault that the protocol has to bear with no help from people, once each, at any moment.
const EACH_ONCE: Faults = Faults {
    crashes: 1,
    pauses: 1,
    duplicates: 1,
    losses: 1,
    timeouts: 1,
    failures: 1,
    throttles: 0,
    cancels: 0,
    scans: 0,
};

/// What a check explored, kept for docs/testing.md.
#[expect(clippy::print_stdout, reason = "the numbers are what is shown")]
fn keep(name: &str, model: &Protocol, report: &Report) {
    let mut text = String::new();
    let Bounds { workers, requests, faults, reconciler } = &model.bounds;
    let fair = if model.fair { "; settles from every state" } else { "" };
    writeln!(text, "{name}: {report}{fair}").unwrap();
    writeln!(text, "  {workers} workers, requests for environments {requests:?}, reconciler: {reconciler}")
        .unwrap();
    writeln!(text, "  {faults:?}").unwrap();
    println!("{text}");
    if let Some(target) = Path::new(env!("CARGO_TARGET_TMPDIR")).parent() {
        std::fs::create_dir_all(target.join("proof")).unwrap();
        std::fs::write(target.join(format!("proof/protocol-model-{name}.txt")), text).unwrap();
    }
}

fn holds(name: &str, model: Protocol) {
    let report = check(model.clone());
    keep(name, &model, &report);
    if let Some((violated, steps)) = report.violated.first() {
        panic!("{violated}, after\n{steps}");
    }
    assert_eq!(report.never_seen, Vec::<&str>::new(), "the model does less than it should");
}

#[test]
fn two_environments_three_workers_three_requests() {
    holds("2-3-3", Protocol::new(Bounds::two_three_three(EACH_ONCE)));
}

#[test]
fn three_requests_for_one_environment() {
    let bounds = Bounds { requests: vec![0, 0, 0], ..Bounds::two_three_three(EACH_ONCE) };
    holds("1-3-3", Protocol::new(bounds));
}

#[test]
fn a_wish_to_cancel_and_a_look_by_a_reconciler_at_any_moment() {
    let faults = Faults { losses: 0, failures: 0, cancels: 1, scans: 1, ..EACH_ONCE };
    let bounds = Bounds { requests: vec![0], ..Bounds::two_three_three(faults) };
    holds("cancel", Protocol::new(bounds));
}

#[test]
fn everything_settles_from_every_state_once_faults_stop() {
    let faults = Faults { failures: 0, ..EACH_ONCE };
    holds("settles", Protocol::new(Bounds::two_three_three(faults)).with_fair_schedule());
}

#[test]
fn without_a_loss_the_wake_ups_alone_settle_everything() {
    let faults = Faults { losses: 0, throttles: 1, failures: 0, ..EACH_ONCE };
    let bounds = Bounds { requests: vec![0, 0], reconciler: false, ..Bounds::two_three_three(faults) };
    holds("no-reconciler", Protocol::new(bounds).with_fair_schedule());
}
