//! Workers as the suite makes them: the product's own loop over the product's own adapters, wired from a
//! configuration; only the clock and chance are the suite's. Must never share anything between two workers but
//! what is outside of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lockstep::engine::{Disposition, Engine};
use lockstep::ports::{Chance, Clock};
use lockstep::world::World;
use lockstep::{service, wiring};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::town::{Town, millis, settings};

/// A sleep up to this long is a pause between two steps, which passes by itself. Longer ones are limits and
/// heartbeats: they end when the clock is moved past them by something else.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The town's clock as one worker sees it.
struct TownClock {
    town: Arc<Town>,
    made: i64,
}

#[async_trait]
impl Clock for TownClock {
    fn now(&self) -> Timestamp {
        self.town.timeline.timestamp()
    }

    fn lived(&self) -> Duration {
        Duration::from_millis((self.town.timeline.millis() - self.made).unsigned_abs())
    }

    async fn sleep(&self, pause: Duration) {
        if pause <= LONGEST_PAUSE {
            self.town.advance(self.town.timeline.millis() + millis(pause));
        } else {
            self.town.timeline.slept(pause).await;
        }
    }
}

/// Chance without chance: the longest waits of full jitter are cut in half, and ids count.
pub(crate) struct Counted {
    count: AtomicU64,
}

impl Counted {
    /// A run's ids: no two workers of it draw the same.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { count: AtomicU64::new(0) })
    }
}

impl Chance for Counted {
    fn fraction(&self) -> f64 {
        0.5
    }

    fn id(&self) -> Uuid {
        id(self.count.fetch_add(1, Ordering::SeqCst))
    }
}

/// A UUIDv7 with this number.
pub(crate) fn id(number: u64) -> Uuid {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(1_795_424_400_000, &random).into_uuid()
}

/// A worker of this name, with nothing behind it: a process that has just been started.
async fn world(town: &Arc<Town>, port: u16, name: &str, chance: &Arc<Counted>) -> World {
    let mut world =
        wiring::world(&settings::config(port, town.pace)).await.expect("the suite's own environment");
    world.clock = Arc::new(TownClock { town: Arc::clone(town), made: town.timeline.millis() });
    world.chance = Arc::clone(chance) as Arc<dyn Chance>;
    name.clone_into(&mut world.settings.worker);
    world
}

/// Runs the product's loop until it gives up, which it does only if its very first look at the locks fails.
pub(crate) async fn run_loop(town: Arc<Town>, port: u16, name: String, chance: Arc<Counted>) {
    let world = world(&town, port, &name, &chance).await;
    // The error is the suite's own doing; whoever runs workers starts another one then.
    let _ = service::run(Arc::new(world), CancellationToken::new()).await;
}

/// Receives one message, handles it and deletes it if it is done with; whether all of that came off.
pub(crate) async fn handle_one(town: Arc<Town>, port: u16, name: String, chance: Arc<Counted>) -> bool {
    let world = Arc::new(world(&town, port, &name, &chance).await);
    let Ok(deliveries) = world.queue.receive(1, Duration::ZERO).await else { return false };
    let Some(delivery) = deliveries.first() else { return false };
    match Engine::new(Arc::clone(&world)).handle(delivery).await {
        Ok(Disposition::Done) => world.queue.delete(&delivery.receipt).await.is_ok(),
        Ok(Disposition::Park(reason)) => panic!("a message of the suite's own was parked: {reason}"),
        Err(_) => false,
    }
}
