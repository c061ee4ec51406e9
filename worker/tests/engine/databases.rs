//! A fresh database for each deployment: the application is stopped before its database is replaced and told its
//! number of tasks again afterwards, and what somebody else does to that number in between is noticed.

use lockstep::ports::Clock;

use tokio::sync::oneshot;

use crate::doubles::{Lingering, commit};
use crate::stage::{LEASE, Stage};

const SERVICE: &str = "shop-fresh";
const DATABASE: &str = "shop-database";

#[tokio::test]
async fn nothing_runs_while_the_database_is_replaced_and_then_as_many_tasks_as_before() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.cluster.scale(SERVICE, 3);
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "deploying/awaiting-drain").await;
    assert_eq!((stage.cluster.desired(SERVICE), stage.cluster.rollouts_of(DATABASE)), (0, 0));
    stage.cluster.hold_rollouts(true);
    stage.up_to(&a, id, "deploying/awaiting-database").await;
    assert_eq!((stage.cluster.desired(SERVICE), stage.cluster.rollouts_of(DATABASE)), (0, 1));
    stage.cluster.hold_rollouts(false);
    stage.up_to(&a, id, "healthy").await;
    assert_eq!((stage.cluster.desired(SERVICE), stage.cluster.desired(DATABASE)), (3, 1));
    assert_eq!((stage.cluster.rollouts_of(SERVICE), stage.cluster.rollouts_of(DATABASE)), (1, 1));
    assert!(!stage.machine(id).ending().unwrap().summary.contains("somebody"));
}

#[tokio::test]
async fn the_database_is_not_touched_before_the_last_task_has_stopped() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.cluster.linger(SERVICE, 1);
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "deploying/awaiting-drain").await;
    for _ in 0..3 {
        stage.next(&a).await;
        assert_eq!(stage.newest(id).to, "deploying/awaiting-drain");
    }
    assert_eq!(stage.cluster.rollouts_of(DATABASE), 0);
    stage.cluster.linger(SERVICE, 0);
    stage.next(&a).await;
    assert_ne!(stage.newest(id).to, "deploying/awaiting-drain");
    stage.up_to(&a, id, "healthy").await;
}

#[tokio::test]
async fn a_task_that_any_answer_still_shows_running_has_not_stopped() {
    for (running, pending, listed) in [(1, 0, 0), (0, 1, 0), (0, 0, 1)] {
        let stage = Stage::new();
        let a = stage.worker("a");
        let (id, _) = stage.ask("fresh");
        stage.cluster.linger_as(SERVICE, Lingering { running, pending, listed });
        stage.cluster.list_stopped(SERVICE, 1);
        stage.up_to(&a, id, "deploying/awaiting-drain").await;
        stage.next(&a).await;
        assert_eq!(stage.newest(id).to, "deploying/awaiting-drain", "{:?}", (running, pending, listed));
        stage.cluster.linger(SERVICE, 0);
        stage.next(&a).await;
        assert_ne!(stage.newest(id).to, "deploying/awaiting-drain", "a task that is listed as stopped has");
    }
}

#[tokio::test]
async fn tasks_that_do_not_stop_in_time_turn_the_deployment_back_before_its_database_is_touched() {
    let stage = Stage::new();
    let a = stage.worker("a");
    stage.cluster.linger(SERVICE, 2);
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "deploying/awaiting-drain").await;
    let deadline = stage.machine(id).deadline().unwrap();
    stage.clock.forward(deadline.duration_since(stage.clock.now()).unsigned_abs());
    stage.next(&a).await;
    assert_eq!(stage.cluster.rollouts_of(DATABASE), 0);
    let overdue = stage.store.items(id).into_iter().find(|item| item.event == "drain-running").unwrap();
    assert!(overdue.detail.contains("the old tasks have not stopped"), "{}", overdue.detail);
    stage.cluster.linger(SERVICE, 0);
    stage.up_to(&a, id, "rolled-back").await;
    assert_eq!(
        (stage.cluster.desired(SERVICE), stage.cluster.primary(SERVICE).as_str()),
        (1, "shop-fresh:1")
    );
}

#[tokio::test]
async fn somebody_who_starts_tasks_in_between_is_believed_after_a_lease_and_named() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "deploying/awaiting-drain").await;
    stage.cluster.scale(SERVICE, 2);
    stage.next(&a).await;
    assert_eq!(stage.newest(id).to, "deploying/awaiting-drain", "it may be a picture from before");
    stage.clock.forward(LEASE);
    stage.next(&a).await;
    let named = stage.store.items(id).into_iter().find(|item| item.event == "drain-reverted").unwrap();
    let words = "shop-fresh should run no task while its database is replaced, but somebody set it to 2";
    assert!(named.detail.contains(words), "{}", named.detail);
    assert_eq!(stage.cluster.rollouts_of(DATABASE), 0);
}

#[tokio::test]
async fn a_number_of_tasks_that_somebody_changed_is_named() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "deploying/checking-readiness").await;
    stage.cluster.scale(SERVICE, 4);
    stage.clock.forward(LEASE);
    stage.up_to(&a, id, "healthy").await;
    let summary = stage.machine(id).ending().unwrap().summary;
    let words = "set the number of tasks to 4 meanwhile: it was told 1";
    assert!(summary.contains(words), "{summary}");
}

#[tokio::test]
async fn a_service_that_somebody_put_elsewhere_is_not_drained() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("fresh");
    stage.up_to(&a, id, "locked/awaiting-build").await;
    stage.cluster.put_on(SERVICE, "theirs:7");
    stage.up_to(&a, id, "failed").await;
    assert_eq!((stage.wire.count("update"), stage.cluster.desired(SERVICE)), (0, 1));
    assert_eq!(stage.events(id, "drain-forestalled"), 1);
}

#[tokio::test]
async fn who_takes_over_a_start_that_told_the_number_of_tasks_does_not_tell_it_again() {
    for (gives_up, state, updates, end) in [
        // Drained, database, candidate: each once; and on the way back the same once more.
        (false, "deploying/rolling-out-candidate", 3, "healthy"),
        (true, "rolling-back/rolling-out-restored", 6, "rolled-back"),
    ] {
        let stage = Stage::new();
        let (a, b) = (stage.worker("a"), stage.worker("b"));
        let (id, _) = stage.ask("fresh");
        if gives_up {
            stage.up_to(&a, id, "deploying/awaiting-database").await;
            stage.next(&a).await;
            stage.cluster.hold_rollouts(true);
            stage.up_to(&a, id, "deploying/rolling-out-candidate").await;
            stage.cluster.give_up(SERVICE);
            stage.cluster.hold_rollouts(false);
        }
        let (dying, died) = oneshot::channel();
        stage.wire.before(commit("rollout-started", state), async move {
            dying.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            () = stage.up_to(&a, id, end) => panic!("it was to die"),
            died = died => died.unwrap(),
        }
        stage.up_to(&b, id, end).await;
        assert_eq!(stage.wire.count("update"), updates, "{:#?}", stage.path(id));
        assert_eq!(stage.cluster.desired(SERVICE), 1);
    }
}
