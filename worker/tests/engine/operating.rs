//! What a worker tells of itself, beside real histories: counted once for what was written, and nothing for what was not.

use std::sync::Arc;
use std::time::Duration;

use lockstep::engine::Engine;
use lockstep::faults::FaultKind;
use lockstep::operations::{METRICS, Operations};

use crate::doubles::{Trouble, call};
use crate::stage::{LEASE, Stage};

/// A worker that is watched.
fn watched(stage: &Stage) -> (Engine, Arc<Operations>) {
    let mut world = stage.world("a");
    let operations = Operations::watch(&mut world);
    (Engine::new(Arc::new(world)), operations)
}

/// The value of a line of the counts; 0 where there is none.
fn value(operations: &Operations, line: &str) -> f64 {
    let text = operations.metrics();
    let found = text.lines().find_map(|found| found.strip_prefix(line));
    found.map_or(0.0, |value| value.trim().parse().unwrap())
}

#[tokio::test]
async fn what_was_recorded_is_counted_by_where_and_what() {
    let stage = Stage::new();
    let (a, operations) = watched(&stage);
    stage.wire.trouble("service", Trouble::without_effect(FaultKind::Throttled));
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "healthy").await;
    let place = "application=\"shop\",environment=\"staging\"";
    let of = |name: &str, rest: &str| value(&operations, &format!("lockstep_{name}{{{place}{rest}}}"));
    assert_eq!(of("deployments_ended_total", ",outcome=\"healthy\""), 1.0);
    assert_eq!(of("deployment_seconds_count", ",outcome=\"healthy\""), 1.0);
    let last = stage.newest(id);
    let took = last.at.duration_since(stage.machine(id).deployment().request.requested_at).as_secs_f64();
    let counted = of("deployment_seconds_sum", ",outcome=\"healthy\"");
    assert!(took > 1.0 && (counted - took).abs() < 1.0, "{counted} {took}: {}", operations.metrics());
    assert_eq!(of("retries_total", ""), 1.0);
    let items = stage.store.items(id);
    let built = items.iter().filter(|item| item.to == "locked/awaiting-build").count();
    assert_eq!(
        of("transitions_total", ",state=\"locked/awaiting-build\""),
        f64::from(u32::try_from(built).unwrap())
    );
    assert!(!operations.metrics().contains(&id.to_string()), "no id is a label");
    assert_eq!(operations.ready(), Ok(()), "it wrote items and sent messages");
    assert_eq!(operations.alive(), Ok(()));
}

#[tokio::test]
async fn a_rejection_and_a_takeover_and_a_failing_table_are_counted() {
    let stage = Stage::new();
    let (a, operations) = watched(&stage);
    let b = stage.worker("b");
    let (first, message) = stage.ask("staging");
    stage.dies(&b, &message, call("dispatch")).await;
    let (_, second) = stage.ask("staging");
    stage.done(&a, &second).await;
    let place = "application=\"shop\",environment=\"staging\"";
    let of = |name: &str, rest: &str| value(&operations, &format!("lockstep_{name}{{{place}{rest}}}"));
    assert_eq!(of("deployments_ended_total", ",outcome=\"rejected\""), 1.0);
    stage.done(&a, &message).await;
    stage.clock.forward(LEASE);
    let takeover = stage.only_wake(first);
    stage.done(&a, &takeover).await;
    assert_eq!(of("takeovers_total", ""), 1.0);
    stage.wire.trouble("newest", Trouble::without_effect(FaultKind::Unavailable));
    let wake = stage.put_wake(first, stage.newest(first).wake);
    stage.deliver(&a, &wake).await.unwrap_err();
    let failed = operations
        .metrics()
        .lines()
        .find(|line| line.starts_with("lockstep_faults_total{"))
        .map(str::to_owned);
    assert!(
        failed.as_ref().is_some_and(|line| line.contains("kind=\"unavailable\"") && line.ends_with(" 1")),
        "{failed:?}"
    );
    assert!(operations.ready().unwrap_err().starts_with("the table's last call: newest failed"));
}

#[tokio::test]
async fn every_metric_is_exported_and_documented() {
    let stage = Stage::new();
    let mut world = stage.world("a");
    let operations = Operations::watch(&mut world);
    let world = Arc::new(world);
    let (a, b) = (Engine::new(world.clone()), stage.worker("b"));
    world.queue.send("a message", Duration::ZERO).await.unwrap();
    stage.queue.purge();
    stage.wire.trouble("newest", Trouble::without_effect(FaultKind::Throttled));
    let (id, message) = stage.ask("staging");
    stage.deliver(&a, &message).await.unwrap_err();
    stage.dies(&b, &message, call("dispatch")).await;
    stage.wire.trouble("run", Trouble::without_effect(FaultKind::Throttled));
    stage.done(&a, &message).await;
    stage.clock.forward(LEASE);
    stage.up_to(&a, id, "healthy").await;
    let text = operations.metrics();
    let page = include_str!("../../../docs/metrics.md");
    for (name, help) in METRICS {
        // OpenMetrics names a family without what its samples end with.
        let family = name.trim_end_matches("_total").trim_end_matches("_info");
        assert!(text.contains(&format!("# HELP {family} {help}")), "{name}: {text}");
        assert!(page.contains(&format!("| `{name}` | {help}")), "docs/metrics.md has no {name}");
    }
    assert_eq!(text.matches("# HELP").count(), METRICS.len(), "{text}");
}
