//! The loop's own pauses, on a clock that is moved by hand: when it looks at the locks again, when it keeps a
//! message hidden, and when it takes no further message.

use std::sync::Arc;
use std::time::Duration;

use lockstep::ports::Chance;
use tokio::sync::oneshot;

use crate::doubles::call;
use crate::looping::{Loop, until};
use crate::stage::Stage;

/// One scan reads the locks of this many environments.
const ENVIRONMENTS: usize = 4;

/// Always draws this number.
struct Drawn(f64);

impl Chance for Drawn {
    fn fraction(&self) -> f64 {
        self.0
    }

    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::now_v7()
    }
}

/// Lets everything that can go on go on: the loop and its tasks share this thread.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_locks_are_looked_at_again_after_a_pause_that_is_drawn_around_the_configured_one() {
    let stage = Stage::new();
    let mut world = stage.world("a");
    // Between three and five quarters of 120 s: 0.75 + 0.8 / 2 of it.
    world.chance = Arc::new(Drawn(0.8));
    let worker = Loop::of(world);
    until("it has looked once", || stage.wire.count("environment") == ENVIRONMENTS).await;
    settle().await;
    stage.clock.forward(Duration::from_secs(137));
    settle().await;
    assert_eq!(stage.wire.count("environment"), ENVIRONMENTS);
    stage.clock.forward(Duration::from_secs(2));
    until("it looks again", || stage.wire.count("environment") == 2 * ENVIRONMENTS).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_look_at_the_locks_that_is_under_way_is_finished_before_the_worker_ends() {
    let stage = Stage::new();
    let worker = Loop::start(&stage);
    until("it has looked once", || stage.wire.count("environment") == ENVIRONMENTS).await;
    settle().await;
    let ((reached, looking), (go, going)) = (oneshot::channel(), oneshot::channel::<()>());
    stage.wire.before(call("environment"), async move {
        reached.send(()).unwrap();
        going.await.unwrap();
    });
    stage.clock.forward(Duration::from_secs(150));
    looking.await.unwrap();
    worker.shutdown.cancel();
    settle().await;
    assert!(!worker.running.is_finished(), "it would leave a look half done");
    go.send(()).unwrap();
    worker.stop().await;
    assert_eq!(stage.wire.count("environment"), 2 * ENVIRONMENTS);
}

#[tokio::test]
async fn a_message_that_is_worked_on_is_kept_hidden_at_every_third_of_its_visibility() {
    let stage = Stage::new();
    stage.ask("staging");
    let ((reached, at_open), (go, going)) = (oneshot::channel(), oneshot::channel::<()>());
    stage.wire.before(call("open"), async move {
        reached.send(()).unwrap();
        going.await.unwrap();
    });
    let worker = Loop::start(&stage);
    at_open.await.unwrap();
    settle().await;
    stage.clock.forward(Duration::from_secs(19));
    settle().await;
    assert_eq!(stage.wire.count("extend"), 0);
    stage.clock.forward(Duration::from_secs(1));
    until("it is kept hidden", || stage.wire.count("extend") == 1).await;
    settle().await;
    stage.clock.forward(Duration::from_secs(20));
    until("and again", || stage.wire.count("extend") == 2).await;
    go.send(()).unwrap();
    worker.stop().await;
}

#[tokio::test]
async fn no_message_is_taken_while_nobody_is_free_to_handle_it() {
    let stage = Stage::new();
    stage.ask("staging");
    stage.ask("preview");
    let ((reached, at_dispatch), (go, going)) = (oneshot::channel(), oneshot::channel::<()>());
    stage.wire.before(call("dispatch"), async move {
        reached.send(()).unwrap();
        going.await.unwrap();
    });
    let mut world = stage.world("a");
    world.settings.concurrency = 1;
    let worker = Loop::of(world);
    at_dispatch.await.unwrap();
    settle().await;
    assert_eq!((stage.wire.count("receive"), stage.wire.count("open")), (1, 1));
    go.send(()).unwrap();
    until("the second is taken", || stage.wire.count("dispatch") == 2).await;
    worker.stop().await;
}
