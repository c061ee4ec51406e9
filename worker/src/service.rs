//! The worker's loop: receive, keep each message hidden while it is being handled, delete it once what it
//! asked for is recorded. A message is never deleted before that; one that cannot be understood is parked
//! with its reason; on shutdown nothing new is taken and what is under way is finished.

use std::sync::Arc;
use std::time::Duration;

use lockstep_events::Message;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::{Disposition, Engine, EngineError};
use crate::ports::{Answer, Delivery, Queue};
use crate::world::World;

/// How long one receive waits for a message (SQS's maximum).
const LONG_POLL: Duration = Duration::from_secs(20);

/// The pause after the queue itself failed.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Works until `shutdown` is cancelled, then finishes what is under way and returns.
///
/// # Errors
/// The scan at start failed: the table or the queue cannot be reached.
pub async fn run(world: Arc<World>, shutdown: CancellationToken) -> Result<(), EngineError> {
    let engine = Engine::new(Arc::clone(&world));
    let woken = engine.rescan().await?;
    tracing::info!(worker = %world.settings.worker, woken, "ready");
    let slots = Arc::new(Semaphore::new(world.settings.concurrency));
    let mut handling = JoinSet::new();
    while !shutdown.is_cancelled() {
        report_ended(&mut handling);
        // One slot is held while receiving, so that no message is taken that nobody can handle.
        let Some(first) = shutdown.run_until_cancelled(Arc::clone(&slots).acquire_owned()).await else {
            break;
        };
        let Ok(first) = first else { break };
        let free = u32::try_from(slots.available_permits() + 1).unwrap_or(1).min(10);
        let received = shutdown.run_until_cancelled(world.queue.receive(free, LONG_POLL)).await;
        let deliveries = match received {
            None => break,
            Some(Ok(deliveries)) => deliveries,
            Some(Err(fault)) => {
                tracing::error!(fault.message = %fault, "the queue cannot be read: trying again");
                shutdown.run_until_cancelled(tokio::time::sleep(AFTER_FAULT)).await;
                continue;
            }
        };
        let mut slot = Some(first);
        for delivery in deliveries {
            let slot = match slot.take() {
                Some(slot) => slot,
                None => match Arc::clone(&slots).acquire_owned().await {
                    Ok(slot) => slot,
                    Err(_) => break,
                },
            };
            let engine = engine.clone();
            handling.spawn(async move {
                handle(&engine, delivery).await;
                drop(slot);
            });
        }
    }
    report_ended(&mut handling);
    tracing::info!(under_way = handling.len(), "stopping: finishing what is under way");
    while let Some(ended) = handling.join_next().await {
        report(&ended);
    }
    tracing::info!("stopped");
    Ok(())
}

/// Lets go of what has been handled.
fn report_ended(handling: &mut JoinSet<()>) {
    while let Some(ended) = handling.try_join_next() {
        report(&ended);
    }
}

fn report(ended: &Result<(), tokio::task::JoinError>) {
    if let Err(panic) = ended {
        tracing::error!(%panic, "handling a message ended abnormally: it comes back");
    }
}

async fn handle(engine: &Engine, delivery: Delivery) {
    let world = engine.world();
    let (queue, visibility) = (&world.queue, world.settings.visibility);
    let outcome = tokio::select! {
        outcome = engine.handle(&delivery) => outcome,
        // Never completes: it only keeps the message hidden for as long as the other branch takes.
        () = heartbeat(queue.as_ref(), &delivery, visibility) => return,
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

async fn heartbeat(queue: &dyn Queue, delivery: &Delivery, visibility: Duration) {
    loop {
        tokio::time::sleep(visibility / 3).await;
        if let Err(fault) = queue.extend(&delivery.receipt, visibility).await {
            tracing::warn!(message.id = %delivery.message_id, fault.message = %fault, "message not kept hidden: another worker may see it");
        }
    }
}
