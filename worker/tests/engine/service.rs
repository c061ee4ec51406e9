//! The worker's loop: what becomes of messages when it is stopped, when the table fails, and when a message
//! cannot be understood. A message goes only after what it asked for is on the record.

use std::time::Duration;

use lockstep::faults::FaultKind;
use lockstep::ports::Lock;
use tokio::sync::oneshot;

use crate::doubles::{Trouble, call};
use crate::looping::{Loop, until};
use crate::stage::Stage;

#[tokio::test]
async fn on_shutdown_what_is_under_way_is_finished_and_nothing_new_is_taken() {
    let stage = Stage::new();
    let (id, _) = stage.ask("staging");
    let ((reached, at_dispatch), (go, going)) = (oneshot::channel(), oneshot::channel::<()>());
    stage.wire.before(call("dispatch"), async move {
        reached.send(()).unwrap();
        going.await.unwrap();
    });
    let worker = Loop::start(&stage);
    at_dispatch.await.unwrap();
    worker.shutdown.cancel();
    until("nobody receives any more", || stage.queue.receivers() == 0).await;
    let (late, late_message) = stage.ask("preview");
    go.send(()).unwrap();
    worker.stop().await;
    assert_eq!(stage.newest(id).to, "locked/awaiting-build");
    assert_eq!((stage.forge.builds(), stage.store.items(late).len()), (1, 0));
    let left = stage.queue.live();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&late_message) && left.contains(&stage.only_wake(id)));
}

#[tokio::test]
async fn a_message_goes_only_after_its_outcome_is_recorded() {
    let stage = Stage::new();
    let (id, message) = stage.ask("staging");
    let worker = Loop::start(&stage);
    until("the request is deleted", || !stage.queue.live().contains(&message)).await;
    worker.stop().await;
    assert_eq!(stage.newest(id).to, "locked/awaiting-build");
    let log = stage.wire.log();
    let deleted = log.iter().position(|operation| *operation == "delete").unwrap();
    let last = |wanted| log.iter().rposition(|operation| *operation == wanted).unwrap();
    assert!(last("open") < deleted && last("append") < deleted && last("send") < deleted, "{log:?}");
}

#[tokio::test]
async fn a_request_that_meets_a_fault_of_the_table_stays() {
    let stage = Stage::new();
    let (id, message) = stage.ask("staging");
    stage.wire.trouble("open", Trouble::without_effect(FaultKind::Unavailable));
    let worker = Loop::start(&stage);
    until("it was tried", || stage.wire.count("open") == 1).await;
    worker.stop().await;
    assert_eq!((stage.store.items(id).len(), stage.wire.count("delete")), (0, 0));
    assert_eq!(stage.queue.live(), [message], "it comes back when its visibility ends");
}

#[tokio::test]
async fn a_wake_up_that_meets_a_fault_of_the_table_is_sent_afresh_and_the_old_one_deleted() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, request) = stage.ask("staging");
    stage.done(&a, &request).await;
    let delayed = stage.only_wake(id);
    stage.queue.remove(&delayed.delivery().receipt);
    let due = stage.put_wake(id, delayed.wake().number);
    // After the first look at the locks, which reads the same.
    let on = stage.clone();
    stage.wire.before(call("receive"), async move {
        on.wire.trouble("newest", Trouble::without_effect(FaultKind::Unavailable));
    });
    let worker = Loop::start(&stage);
    until("the old one is deleted", || stage.wire.count("delete") == 1).await;
    worker.stop().await;
    let fresh = stage.only_wake(id);
    assert_eq!(fresh.wake(), due.wake());
    assert_eq!(fresh.delay, Duration::from_secs(60), "after one visibility time-out");
    let log = stage.wire.log();
    let last = |wanted| log.iter().rposition(|operation| *operation == wanted).unwrap();
    assert!(last("send") < last("delete"), "sent first: {log:?}");
    assert_eq!(stage.newest(id).to, "locked/awaiting-build", "nothing was recorded");
}

#[tokio::test]
async fn a_table_that_cannot_be_reached_ends_no_worker_and_one_that_is_not_there_does() {
    let stage = Stage::new();
    let (id, message) = stage.ask("staging");
    for _environment in ["preview", "staging", "fresh", "production"] {
        stage.wire.trouble("environment", Trouble::without_effect(FaultKind::Unavailable));
    }
    let worker = Loop::start(&stage);
    until("the request is deleted", || !stage.queue.live().contains(&message)).await;
    worker.stop().await;
    assert_eq!(stage.newest(id).to, "locked/awaiting-build");
    for _environment in ["preview", "staging", "fresh", "production"] {
        stage.wire.trouble("environment", Trouble::without_effect(FaultKind::NotFound));
    }
    let ended = Loop::start(&stage).running.await.unwrap().unwrap_err();
    assert!(!ended.is_transient(), "{ended}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_parked_first_and_then_deleted() {
    let stage = Stage::new();
    stage.queue.put("gibberish", Duration::ZERO);
    let worker = Loop::start(&stage);
    until("it is deleted", || stage.queue.live().is_empty()).await;
    worker.stop().await;
    let parked = stage.queue.parked();
    assert_eq!((parked.len(), parked[0].0.as_str()), (1, "gibberish"));
    assert!(parked[0].1.starts_with("not understood: the message is not JSON"), "{}", parked[0].1);
    let log = stage.wire.log();
    let place = |wanted| log.iter().position(|operation| *operation == wanted).unwrap();
    assert!(place("park") < place("delete"));
}

#[tokio::test]
async fn what_could_not_be_parked_is_not_deleted() {
    let stage = Stage::new();
    let message = stage.queue.put("gibberish", Duration::ZERO);
    stage.wire.trouble("park", Trouble::without_effect(FaultKind::Unavailable));
    let worker = Loop::start(&stage);
    until("it was tried", || stage.wire.count("park") == 1).await;
    worker.stop().await;
    assert_eq!((stage.queue.live(), stage.wire.count("delete")), (vec![message], 0));
}

#[tokio::test]
async fn a_wake_up_for_an_environment_that_this_worker_lacks_lives_on_for_one_that_has_it() {
    let stage = Stage::new();
    let (id, request) = stage.ask("preview");
    stage.done(&stage.worker("b"), &request).await;
    let wake = stage.only_wake(id);
    stage.queue.remove(&wake.delivery().receipt);
    let due = stage.put_wake(id, wake.wake().number);
    let mut world = stage.world("a");
    let shop = world.applications.get_mut(&"shop".parse().unwrap()).unwrap();
    shop.config.environments.remove("preview").unwrap();
    let worker = Loop::of(world);
    until("it is deleted", || !stage.queue.live().contains(&due)).await;
    worker.stop().await;
    let fresh = stage.only_wake(id);
    assert_eq!((fresh.wake(), fresh.delay), (due.wake(), Duration::from_secs(60)));
    stage.up_to(&stage.worker("b"), id, "healthy").await;
}

#[tokio::test]
async fn a_wake_up_that_nobody_can_handle_uses_its_deliveries_up() {
    let stage = Stage::new();
    let a = stage.worker("a");
    let (id, _) = stage.ask("staging");
    stage.up_to(&a, id, "deploying/checking-readiness").await;
    let wake = stage.only_wake(id);
    stage.queue.remove(&wake.delivery().receipt);
    let due = stage.put_wake(id, wake.wake().number);
    stage.store.set_lock("staging", Lock { holder: None, token: 1, since: None, actor: None, hold: None });
    let worker = Loop::start(&stage);
    until("its end was tried", || stage.wire.count("close") == 1).await;
    worker.stop().await;
    assert_eq!(
        (stage.queue.live(), stage.wire.count("delete")),
        (vec![due], 0),
        "neither deleted nor renewed"
    );
}
