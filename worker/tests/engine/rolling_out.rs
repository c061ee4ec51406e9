//! Starting and following a rollout: the way back is sent unless ECS has begun it itself, nothing is looked for that
//! could not have happened yet, and a rollout is over only when no old task is left.

use jiff::SignedDuration;
use lockstep::ports::Clock as _;
use lockstep_events::DeploymentId;

use crate::doubles::commit;
use crate::stage::Stage;

const SERVICE: &str = "shop-staging";
const ROLLING_OUT: &str = "deploying/rolling-out-candidate";

#[tokio::test]
async fn a_first_start_does_not_look_for_what_could_not_have_happened() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, ROLLING_OUT).await;
    let log = stage.wire.log();
    let sent = log.iter().position(|operation| *operation == "update").unwrap();
    assert!(!log[..sent].contains(&"rollouts"), "{log:?}");
}

#[tokio::test]
async fn a_picture_from_before_the_candidate_is_not_taken_for_the_way_back() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, ROLLING_OUT).await;
    let (updates, on) = (stage.wire.count("update"), stage.clone());
    let moment = commit("cancel-requested", "rolling-back/starting-restored");
    stage.wire.before(moment, async move { on.cluster.put_on(SERVICE, "shop-staging:1") });
    stage.done(&a, &stage.ask_to_cancel(id)).await;
    assert_eq!(stage.wire.count("update"), updates + 1, "{:#?}", stage.path(id));
}

#[tokio::test]
async fn a_way_back_that_ecs_has_begun_is_adopted() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, ROLLING_OUT).await;
    let updates = stage.wire.count("update");
    stage.cluster.give_up(SERVICE);
    stage.up_to(&a, id, "rolled-back").await;
    assert_eq!(stage.wire.count("update"), updates);
}

#[tokio::test]
async fn a_rollout_is_over_when_the_last_old_task_has_stopped() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, ROLLING_OUT).await;
    stage.cluster.hold_rollouts(false);
    let ours = stage.cluster.primary(SERVICE);
    stage.cluster.list(SERVICE, &[(&ours, "RUNNING"), ("shop-staging:1", "DEACTIVATING")]);
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, ROLLING_OUT);
    stage.cluster.list(SERVICE, &[(&ours, "RUNNING"), ("shop-staging:1", "STOPPED")]);
    stage.next(&a).await;
    assert_ne!(stage.newest(id).to, ROLLING_OUT);
}

/// A service's past is pages long, and each page is a call.
#[tokio::test]
async fn rollouts_are_listed_from_when_this_deployment_can_have_started_one() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, ROLLING_OUT).await;
    stage.next(&a).await;
    let deadlines = stage.world("a").policy.deadlines;
    let longest = deadlines.action + deadlines.rollout + deadlines.readiness;
    assert_eq!(stage.clock.now().duration_since(stage.cluster.listed_since()), longest + waited(&stage, id));
}

/// How long the present state has lasted.
fn waited(stage: &Stage, id: DeploymentId) -> SignedDuration {
    stage.clock.now().duration_since(stage.machine(id).since())
}
