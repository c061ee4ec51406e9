//! Workers that end: told to stop, killed while a deployment waits, or gone together with everything around
//! them. What they had begun is finished by another one, and nothing is done twice. Must never kill between an
//! effect and its record: that is `kills`.

use std::sync::Arc;
use std::time::Duration;

use lockstep_events::DeploymentId;
use sandbox::Options;
use sandbox::sample::Variant;

use crate::between::Between;
use crate::requests::ONE_DEPLOYMENT;
use crate::stage::{Stage, beta, new_id};
use crate::trap::Trap;

async fn request(stage: &Stage) -> DeploymentId {
    let id = new_id();
    let sent = stage.sandbox.run(&["deploy", "staging", "--id", &id.to_string()]).await.unwrap();
    assert_eq!(sent.code, 0, "{sent:#?}");
    id
}

/// Slow enough that a rollout is seen under way.
fn slow() -> Options {
    let mut options = Options::default();
    options.github.build_delay_ms = 4_000;
    options.timing.steady = Duration::from_secs(4);
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_told_to_stop_finishes_what_is_under_way_and_loses_nothing() {
    let mut stage = Stage::set_without_worker(Options::default()).await;
    let trap = Arc::new(Trap::that_lets_go());
    trap.arm("locked/dispatching-build");
    let between = Between::start(stage.sandbox.dynamodb().endpoint(), Arc::clone(&trap)).await;
    let patient = [
        ("LOCKSTEP__AWS__DYNAMODB_ENDPOINT", between.endpoint()),
        ("LOCKSTEP__WORKER__CALL_TIMEOUT_SECONDS", "30"),
        ("LOCKSTEP__WORKER__CLAIM_LEASE_SECONDS", "90"),
    ];
    let log = stage.sandbox.places().path("worker-1.log");
    let worker = stage.sandbox.spawn_worker_with(&log, "worker-1", &patient).unwrap();
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let id = request(&stage).await;
    trap.until_caught(&stage).await;

    // It has dispatched the build and is recording that. SIGTERM: it takes nothing new and goes on with this.
    worker.terminate().unwrap();
    let stopping = async || stage.logs().contains("stopping: finishing what is under way");
    stage.until("a worker that is stopping", stopping).await;
    trap.let_go();
    assert!(worker.ended().await.unwrap().success());
    assert!(stage.logs().trim_end().ends_with("stopped"), "{}", stage.logs());
    let newest = stage.store.newest(id).await.unwrap().unwrap();
    assert_eq!((newest.to.as_str(), newest.worker.starts_with("worker-1:")), ("locked/awaiting-build", true));

    // Another one goes on; no claim had to be taken over.
    stage.add_worker("worker-2");
    stage.until_state(id, "healthy").await;
    let history = stage.history(id).await;
    assert!(history.iter().all(|item| item.event != "claimed"), "{history:#?}");
    stage.traces().are(&ONE_DEPLOYMENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_while_a_deployment_waits_leave_nothing_behind_that_another_cannot_go_on_with() {
    let mut stage = Stage::set_with(slow()).await;
    stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let id = request(&stage).await;
    stage.until_state(id, "locked/awaiting-build").await;
    stage.kill_first_worker().await;
    stage.add_worker("worker-2");
    stage.until_state(id, "deploying/rolling-out-candidate").await;
    stage.kill_first_worker().await;
    stage.add_worker("worker-3");
    stage.wait(&["deploy", "staging", "--id", &id.to_string()]).await.expect("healthy", 0);
    stage.traces().are(&ONE_DEPLOYMENT);
    let history = stage.history(id).await;
    let worked = |name: &str| history.iter().any(|item| item.worker.starts_with(name));
    assert!(["worker-1:", "worker-2:", "worker-3:"].into_iter().all(worked), "{history:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_stopped_in_the_middle_goes_on_where_it_was_although_its_queue_is_lost() {
    let stage = Stage::set_with(slow()).await;
    let first = stage.sandbox.push("0.1.0", Variant::Good, "First").unwrap();
    let tag = beta("0.1.0", &first);
    stage.deploy().await.expect("healthy", 0);
    let promoted = stage.promote(&tag).await;
    promoted.expect("healthy", 0);
    let second = stage.sandbox.push("0.2.0", Variant::Good, "Second").unwrap();

    // Stopped while the build runs, and again while the candidate is rolled out.
    let id = request(&stage).await;
    stage.until_state(id, "locked/awaiting-build").await;
    let before = (stage.history(promoted.id()).await, stage.environment("production").await);
    let digests = [stage.tag(&tag).await, stage.tag("0.1.0").await, stage.tag("latest").await];
    assert!(digests.iter().all(|digest| digest.is_some() && *digest == digests[0]), "{digests:?}");
    let mut stage = stage.restart(slow()).await;
    stage.add_worker("worker-2");
    stage.until_state(id, "deploying/rolling-out-candidate").await;
    let seen = stage.history(id).await;
    let mut stage = stage.restart(slow()).await;

    // Everything is there before any worker is: table, tags, releases.
    assert_eq!(stage.history(id).await, seen);
    assert_eq!((stage.history(promoted.id()).await, stage.environment("production").await), before);
    assert_eq!([stage.tag(&tag).await, stage.tag("0.1.0").await, stage.tag("latest").await], digests);
    assert_eq!(stage.github("releases/latest").await.unwrap()["tag_name"], "0.1.0");
    assert_eq!(stage.environment("staging").await.lock.holder, Some(id));

    stage.add_worker("worker-3");
    stage.until_state(id, "healthy").await;
    assert_eq!(stage.builds(), 2, "one for each commit");
    assert_eq!(stage.environment("staging").await.lock.holder, None);
    assert_eq!(stage.traces().calls["Dispatch"], 2);
    for (environment, commit) in [("staging", &second), ("production", &first)] {
        let answers = async || {
            let info = stage.application(environment, "/api/v1/info").await;
            info.is_some_and(|info| info["commit"].as_str() == Some(commit))
        };
        stage.until(&format!("{environment} runs {commit}"), answers).await;
    }
}
