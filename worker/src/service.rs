//! The worker's loop: receive, keep each message hidden while it is being handled, delete it once what it
//! asked for is recorded. A message is never deleted before that; one that cannot be understood is parked
//! with its reason; on shutdown nothing new is taken and what is under way is finished. One task does it all:
//! a message is waited for far more than it is worked on.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Fuse, FusedFuture, FutureExt};
use futures::stream::FuturesUnordered;
use lockstep_events::Message;
use tokio_util::sync::CancellationToken;

use crate::engine::{Disposition, Engine, EngineError, Reconciler};
use crate::ports::{Answer, Clock, Delivery, Queue};
use crate::world::World;

/// How long one receive waits for a message (SQS's maximum).
const LONG_POLL: Duration = Duration::from_secs(20);

/// The pause after the queue itself failed.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Works until `shutdown` is cancelled, then finishes what is under way and returns.
///
/// # Errors
/// The first look at the locks failed for good: no such table, or no leave to read it. A table that cannot be
/// reached just now is no reason to end.
pub async fn run(world: Arc<World>, shutdown: CancellationToken) -> Result<(), EngineError> {
    let engine = Engine::new(Arc::clone(&world));
    let mut reconciler = Reconciler::new(engine.clone());
    match reconciler.scan().await {
        Ok(under_way) => tracing::info!(worker = %world.settings.worker, under_way, "ready"),
        Err(error) if error.is_transient() => {
            tracing::warn!(worker = %world.settings.worker, %error, "started, but the table cannot be reached yet");
        }
        Err(error) => return Err(error),
    }
    let mut reconciling = pin!(reconcile(&mut reconciler, &world, &shutdown).fuse());
    let mut handling = FuturesUnordered::new();
    let mut receiving = pin!(Fuse::terminated());
    loop {
        // No message is taken that nobody can handle.
        let free = world.settings.concurrency.saturating_sub(handling.len());
        if receiving.is_terminated() && free > 0 {
            receiving.set(receive(&world, free).fuse());
        }
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            Some(()) = handling.next() => {}
            deliveries = &mut receiving => {
                handling.extend(deliveries.into_iter().map(|delivery| handle(&engine, delivery)));
            }
            () = &mut reconciling => {}
        }
    }
    receiving.set(Fuse::terminated());
    tracing::info!(under_way = handling.len(), "stopping: finishing what is under way");
    let reconciled = async {
        // What has ended already would never answer again.
        if !reconciling.is_terminated() {
            reconciling.await;
        }
    };
    futures::join!(handling.for_each(|()| std::future::ready(())), reconciled);
    tracing::info!("stopped");
    Ok(())
}

/// The next messages, at most `free` of them; none when the queue failed, after a pause.
async fn receive(world: &World, free: usize) -> Vec<Delivery> {
    let most = u32::try_from(free.min(10)).unwrap_or(10);
    match world.queue.receive(most, LONG_POLL).await {
        Ok(deliveries) => deliveries,
        Err(fault) => {
            tracing::error!(fault.message = %fault, "the queue cannot be read: trying again");
            world.clock.sleep(AFTER_FAULT).await;
            Vec::new()
        }
    }
}

/// Looks after deployments whose wake-ups were lost, until the shutdown. Workers that were started together do
/// not look together.
async fn reconcile(reconciler: &mut Reconciler, world: &World, shutdown: &CancellationToken) {
    loop {
        let pause = world.settings.reconcile.mul_f64(0.75 + world.chance.fraction() / 2.0);
        if shutdown.run_until_cancelled(world.clock.sleep(pause)).await.is_none() {
            return;
        }
        if let Err(error) = reconciler.scan().await {
            tracing::warn!(%error, "the locks could not be looked at: again after the next pause");
        }
    }
}

async fn handle(engine: &Engine, delivery: Delivery) {
    let world = engine.world();
    let (queue, visibility) = (&world.queue, world.settings.visibility);
    let outcome = tokio::select! {
        biased;
        outcome = engine.handle(&delivery) => outcome,
        // Never completes: it only keeps the message hidden for as long as the other branch takes.
        () = heartbeat(world.clock.as_ref(), queue.as_ref(), &delivery, visibility) => return,
    };
    let message = &delivery.message_id;
    let done = match outcome {
        Ok(Disposition::Done) => queue.delete(&delivery.receipt).await,
        Ok(Disposition::Park(reason)) => {
            tracing::error!(message.id = %message, %reason, "message parked in the dead-letter queue");
            match queue.park(&delivery, &reason).await {
                Ok(()) => queue.delete(&delivery.receipt).await,
                Err(fault) => Err(fault),
            }
        }
        Err(error) => {
            if error.is_transient() {
                tracing::warn!(message.id = %message, %error, "message not handled: it comes back");
            } else {
                tracing::error!(message.id = %message, %error, "message not handled: it comes back until somebody mends this");
            }
            if error.keeps_wake_ups() && is_wake_up(&delivery) {
                renew(queue.as_ref(), &delivery, visibility).await
            } else {
                Ok(())
            }
        }
    };
    if let Err(fault) = done {
        tracing::warn!(message.id = %message, fault.message = %fault, "message not deleted: it comes back and finds its work done");
    }
}

fn is_wake_up(delivery: &Delivery) -> bool {
    matches!(lockstep_events::decode(&delivery.body), Ok(Message::WakeUp(_)))
}

/// Sends a wake-up afresh and deletes the old one. A wake-up is a deployment's life line: a table that cannot
/// be reached for long must not use its deliveries up and leave it in the dead-letter queue.
async fn renew(queue: &dyn Queue, delivery: &Delivery, delay: Duration) -> Answer<()> {
    queue.send(&delivery.body, delay).await?;
    queue.delete(&delivery.receipt).await
}

async fn heartbeat(clock: &dyn Clock, queue: &dyn Queue, delivery: &Delivery, visibility: Duration) {
    loop {
        clock.sleep(visibility / 3).await;
        if let Err(fault) = queue.extend(&delivery.receipt, visibility).await {
            tracing::warn!(message.id = %delivery.message_id, fault.message = %fault, "message not kept hidden: another worker may see it");
        }
    }
}
