//! What is said of a failed promotion (point 6), under every setting of what AWS leaves open: whether a
//! rollback's PRIMARY has a new id, how soon a rollout is listed, what digest a task reports, and so on.

use std::time::Duration;

use ecs_sim::knobs::{BreakerWithoutTarget, ImageDigest, InactiveError, RevisionIds, RollbackPrimary};
use ecs_sim::{Knobs, Timing};
use sandbox::Options;
use sandbox::sample::Variant;

use crate::stage::{Stage, Verdict, beta};

/// A stage with 0.1.0 in production and a beta of 0.2.0 with this behaviour, validated by its requester's
/// word only: staging would have caught it.
async fn with_a_release_and_a_bad_beta(knobs: Knobs, variant: Variant) -> (Stage, String) {
    let stage = Stage::set().await;
    // Only now: with reads that lag from the start, there would be no cluster yet to look at.
    stage.sandbox.ecs().knobs().set(knobs);
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &sha)).await.expect("healthy", 0);
    let sha = stage.sandbox.push("0.2.0", variant, "Second").unwrap();
    let staged = stage.deploy().await;
    staged.expect("rolled-back", 5);
    (stage, beta("0.2.0", &sha))
}

async fn promote_unvalidated(stage: &Stage, tag: &str) -> Verdict {
    stage.wait(&["promote", tag, "--allow-unvalidated", "to see it rolled back"]).await
}

/// Rolled back is said, and true: old digest in every task, ready, and every reference back.
async fn expect_rolled_back(stage: &Stage, verdict: &Verdict, revision_retired: &str) {
    verdict.expect("rolled-back", 5).says("production runs 0.1.0 again");
    assert_eq!(verdict.json["operator_needed"], false);
    let old = stage.tag("0.1.0").await.unwrap();
    let restored = &verdict.json["restored"];
    assert_eq!(restored["digest"].as_str(), Some(old.as_str()));
    let info = stage.application("production", "/api/v1/info").await.unwrap();
    assert_eq!(info["version"], "0.1.0");
    assert!(stage.application("production", "/api/v1/ready").await.is_some());
    assert_eq!(stage.tag("latest").await, Some(old), "latest points at the old release again");
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "0.1.0");
    let notes = stage.github("releases/tags/0.2.0").await.unwrap();
    assert!(notes["body"].as_str().unwrap().contains("Rolled back"), "{notes}");
    let history = stage.history(verdict.id()).await;
    let retired = history.iter().find(|entry| entry.event == "revisions-retired").unwrap();
    assert!(retired.detail.contains(revision_retired), "{}", retired.detail);
}

fn settings() -> Vec<(&'static str, Knobs)> {
    let default = Knobs::default();
    vec![
        ("as AWS most likely is", default.clone()),
        (
            "a rollback reuses the old id",
            Knobs { rollback_primary: RollbackPrimary::OldId, ..default.clone() },
        ),
        (
            "rollouts are listed late and reads lag",
            Knobs {
                service_deployment_listing_lag_ms: 2500,
                read_lag_ms: 1200,
                current_service_deployment_stale: true,
                ..default.clone()
            },
        ),
        (
            "manifest digests, failed entries linger, events doubled and out of order",
            Knobs {
                image_digest: ImageDigest::Manifest,
                deployments_keep_failed_ms: 60_000,
                duplicate_events: true,
                reorder_events: true,
                ..default.clone()
            },
        ),
        (
            "no events, inactive revisions refused in other words",
            Knobs {
                drop_events: true,
                inactive_task_definition: InactiveError::Client,
                stopping_tasks_fill_maximum: false,
                revision_ids: RevisionIds::Unrelated,
                ..default
            },
        ),
    ]
}

async fn a_crashing_beta(knobs: Knobs) {
    let (stage, tag) = with_a_release_and_a_bad_beta(knobs, Variant::CrashesAtStart).await;
    let verdict = promote_unvalidated(&stage, &tag).await;
    expect_rolled_back(&stage, &verdict, "production-app:3").await;
    assert_eq!(verdict.json["failure"]["code"], "rollout");
    let evidence = &verdict.json["failure"]["evidence"];
    let stopped = evidence["stopped_tasks"].to_string();
    assert!(stopped.contains("Essential container in task exited"), "{evidence}");
    assert!(stopped.contains("exit code 1"), "{evidence}");
    assert!(!evidence["service_events"].as_array().unwrap().is_empty());
}

macro_rules! under_setting {
    ($($name:ident: $number:literal),* $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let (what, knobs) = settings().swap_remove($number);
            // Printed by the runner when the test fails.
            println!("setting: {what}");
            a_crashing_beta(knobs).await;
        }
    )*};
}

under_setting! {
    a_crash_is_rolled_back_as_aws_most_likely_is: 0,
    a_crash_is_rolled_back_when_the_old_id_is_reused: 1,
    a_crash_is_rolled_back_when_reads_lag: 2,
    a_crash_is_rolled_back_with_manifest_digests_and_lingering_entries: 3,
    a_crash_is_rolled_back_without_events: 4,
}

async fn a_beta_that_is_never_ready(knobs: Knobs) {
    let (stage, tag) = with_a_release_and_a_bad_beta(knobs, Variant::NeverReady).await;
    let verdict = promote_unvalidated(&stage, &tag).await;
    expect_rolled_back(&stage, &verdict, "production-app:3").await;
    assert_eq!(verdict.json["failure"]["code"], "readiness");
    let readiness = &verdict.json["failure"]["evidence"]["readiness"];
    assert_eq!(readiness["status"], 503, "the last answer is kept: {readiness}");
    let updates = stage.sandbox.ecs().log();
    let back = updates.iter().rfind(|call| call.action == "UpdateService").unwrap();
    let target = back.request["taskDefinition"].as_str().unwrap();
    assert!(target.ends_with("production-app:2"), "the worker went back itself: {target}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beta_that_is_never_ready_is_rolled_back_by_the_worker_itself() {
    a_beta_that_is_never_ready(Knobs::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beta_that_is_never_ready_is_rolled_back_while_everything_lags() {
    let knobs = Knobs {
        rollback_primary: RollbackPrimary::OldId,
        service_deployment_listing_lag_ms: 2500,
        read_lag_ms: 1200,
        deregister_lag_ms: 5000,
        image_digest: ImageDigest::Manifest,
        deployments_keep_failed_ms: 60_000,
        drop_events: true,
        ..Knobs::default()
    };
    a_beta_that_is_never_ready(knobs).await;
}

/// The breaker does not see tasks that crash once they run: the worker's own deadline does.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_that_the_breaker_misses_is_rolled_back_at_the_deadline() {
    let knobs = Knobs { breaker_counts_crashes_after_start: false, ..Knobs::default() };
    // RUNNING as soon as the process is there, and long before it crashes.
    let timing = Timing { start_grace: Duration::ZERO, steady: Duration::from_secs(2), ..Timing::default() };
    let options = Options { ecs: knobs, timing, ..Options::default() };
    let mut stage = Stage::set_without_worker(options).await;
    stage.add_worker_with("worker-1", &[("LOCKSTEP__DEADLINES__ROLLOUT_SECONDS", "15")]);
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &sha)).await.expect("healthy", 0);
    let sha = stage.sandbox.push("0.2.0", Variant::CrashesAfter(800), "Second").unwrap();
    let staged = stage.deploy().await;
    staged.expect("rolled-back", 5).says("after 15 s, its deadline");
    let verdict = promote_unvalidated(&stage, &beta("0.2.0", &sha)).await;
    expect_rolled_back(&stage, &verdict, "production-app:3").await;
    verdict.says("after 15 s, its deadline");
    let stopped = verdict.json["failure"]["evidence"]["stopped_tasks"].to_string();
    assert!(stopped.contains("exit code 1"), "the last look is worth the tasks' reasons: {stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_promotion_that_crashes_is_failed_and_needs_an_operator() {
    for without_target in [
        BreakerWithoutTarget::Stalls,
        BreakerWithoutTarget::StallsSilently,
        BreakerWithoutTarget::FailsDeployment,
    ] {
        let knobs = Knobs { breaker_without_target: without_target, ..Knobs::default() };
        let mut stage = Stage::set_without_worker(Options { ecs: knobs, ..Options::default() }).await;
        stage.add_worker_with("worker-1", &[("LOCKSTEP__DEADLINES__ROLLOUT_SECONDS", "12")]);
        let sha = stage.sandbox.push("0.1.0", Variant::CrashesAtStart, "First").unwrap();
        stage.deploy().await.expect("failed", 4).says("an operator is needed");
        let verdict = promote_unvalidated(&stage, &beta("0.1.0", &sha)).await;
        verdict.expect("failed", 4).says("there is no healthy release to go back to");
        assert_eq!(verdict.json["operator_needed"], true, "{without_target:?}");
        let record = stage.environment("production").await.record;
        assert!(record.current.is_none() && record.last_healthy.is_none(), "{record:?}");
        assert!(record.dirty.unwrap().contains("operator"));
        assert!(stage.environment("production").await.lock.holder.is_none(), "the lock is free");

        // A release that was never healthy is nothing to migrate from: the way out is open.
        stage.sandbox.push("0.2.0", Variant::Good, "Mended").unwrap();
        let mended = stage.deploy().await;
        mended.expect("healthy", 0);
        let warnings = mended.json["warnings"].to_string();
        assert!(warnings.contains("was promoted by Lockstep but never healthy"), "{warnings}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_a_reported_digest_is_unproven_and_said_so() {
    let knobs = Knobs { image_digest: ImageDigest::Missing, ..Knobs::default() };
    let stage = Stage::set_with(Options { ecs: knobs, ..Options::default() }).await;
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let verdict = stage.deploy().await;
    verdict.expect("healthy", 0).says("parity unproven");
    assert!(verdict.json["parity"]["unproven"].as_str().unwrap().contains("reports no image digest"));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_rollout_is_named_and_left_in_place() {
    let stage = Stage::set().await;
    let sha = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    stage.deploy().await.expect("healthy", 0);
    stage.promote(&beta("0.1.0", &sha)).await.expect("healthy", 0);
    let sha = stage.sandbox.push("0.2.0", Variant::Slow(15_000), "Second").unwrap();
    stage.deploy().await.expect("healthy", 0);

    let id = lockstep_events::DeploymentId::try_from(uuid::Uuid::now_v7()).unwrap();
    let text = id.to_string();
    let tag = beta("0.2.0", &sha);
    let arguments = ["promote", tag.as_str(), "--id", text.as_str()];
    let (verdict, ()) = tokio::join!(stage.wait(&arguments), async {
        stage.until_state(id, "deploying/checking-readiness").await;
        // A colleague puts the old release back by hand.
        stage.update_service("production", "app", "production-app:2").await;
    });
    verdict.expect("failed", 4).says("production-app:2").says("left in place");
    assert_eq!(verdict.json["failure"]["code"], "superseded");
    let view = stage.environment("production").await;
    assert!(view.record.current.is_none(), "nobody can say what runs there now");
    let last = stage.sandbox.ecs().log();
    let last = last.iter().rfind(|call| call.action == "UpdateService").unwrap().clone();
    assert!(
        last.request["taskDefinition"].as_str().unwrap().ends_with("production-app:2"),
        "not overwritten"
    );
}
