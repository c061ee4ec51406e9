//! The simulator without processes, ports or a clock of its own: whoever holds it moves the time and passes
//! requests to its router. For runs that must be exact, repeatable and fast.
//!
//! The model, the wire protocol and the knobs are those of [`crate::EcsSim`]; only what a task's process would do
//! is decided by [`VirtualLauncher`]'s owner. Must never wait, and never do anything but in [`VirtualEcs::step`] and
//! in the handling of a request.

mod launcher;

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::call_log::LoggedCall;
use crate::config::ClusterSeed;
use crate::core::{Core, Now};
use crate::events::envelope;
use crate::knobs::{Knobs, KnobsHandle};
use crate::model::{ApiError, Arns, Effect, Millis, RolloutState, Service, Step, World};
use crate::persist::{StateFile, Stored};
use crate::runner::Launcher;
use crate::sim::Shared;
use crate::timing::Timing;
use crate::{http, seed};

use launcher::Schedule;
pub use launcher::{Fate, Image, VirtualLauncher};

/// A whole simulated account at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    world: Arc<World>,
    log: Arc<Vec<LoggedCall>>,
    schedule: Schedule,
}

impl Snapshot {
    /// An empty account. Different seeds give different ids.
    #[must_use]
    pub fn empty(region: &str, account_id: &str, seed: u64) -> Self {
        let arns = Arns { region: region.to_owned(), account_id: account_id.to_owned() };
        Self {
            world: Arc::new(World::new(arns, seed)),
            log: Arc::new(Vec::new()),
            schedule: Schedule::default(),
        }
    }
}

/// A simulator whose time is moved by hand.
pub struct VirtualEcs {
    shared: Arc<Shared>,
    launcher: Arc<VirtualLauncher>,
    effects: Mutex<UnboundedReceiver<Effect>>,
    announced: Mutex<Vec<Value>>,
}

impl VirtualEcs {
    /// A simulator that goes on from a snapshot. `now` tells the time, which must only rise.
    #[must_use]
    pub fn restore(
        snapshot: &Snapshot,
        launcher: VirtualLauncher,
        now: Now,
        knobs: Knobs,
        timing: Timing,
    ) -> Self {
        let (effects_in, effects) = unbounded_channel();
        let tick = timing.tick;
        let mut stored = Stored::fresh(World::clone(&snapshot.world));
        stored.log = Vec::clone(&snapshot.log);
        let core = Arc::new(Core::new(stored, KnobsHandle::new(knobs), timing, now, effects_in));
        launcher.take_up(snapshot.schedule.clone());
        let launcher = Arc::new(launcher);
        let shared = Arc::new(Shared {
            core,
            launcher: Arc::clone(&launcher) as Arc<dyn Launcher>,
            state_file: StateFile::new(None),
            tick,
        });
        Self { shared, launcher, effects: Mutex::new(effects), announced: Mutex::default() }
    }

    /// Adds what is missing of these clusters and services.
    ///
    /// # Errors
    /// The name of a service that ECS would refuse, and why.
    pub fn seed(&self, clusters: &[ClusterSeed]) -> Result<(), (String, ApiError)> {
        self.shared.core.change(|world, step| seed::apply(world, step, clusters))
    }

    /// The API, as [`crate::EcsSim`] serves it.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.shared))
    }

    /// Does what is due by now.
    pub fn step(&self) {
        let now = self.shared.core.now();
        while let Some(report) = self.launcher.due(now) {
            self.shared.core.change(|world, step| world.report(step, report));
            self.carry_out();
        }
        self.shared.core.change(|world, step| world.tick(step));
        self.carry_out();
    }

    /// What EventBridge has been told since this was last asked, as it delivers it, oldest first.
    #[must_use]
    pub fn announcements(&self) -> Vec<Value> {
        self.carry_out();
        std::mem::take(&mut self.announced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When it should be stepped next; `None` while nothing is under way. Requests may change that.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        self.carry_out();
        let core = &self.shared.core;
        let world = core.current();
        let tick = Millis::try_from(self.shared.tick.as_millis()).unwrap_or(Millis::MAX / 4);
        let settled = world.services.values().all(|service| is_settled(&world, service));
        let by_tick = (!settled).then(|| core.now() + tick);
        [by_tick, self.launcher.next()].into_iter().flatten().min()
    }

    /// The switches.
    #[must_use]
    pub fn knobs(&self) -> KnobsHandle {
        self.shared.core.knobs.clone()
    }

    /// Every call that changes something, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LoggedCall> {
        Vec::clone(&self.shared.core.log())
    }

    /// Looks at the whole simulated account as it is now.
    pub fn inspect<T>(&self, look: impl FnOnce(&World, Step<'_>) -> T) -> T {
        let core = &self.shared.core;
        let knobs = core.knobs.get();
        look(&core.current(), Step { now: core.now(), timing: core.timing(), knobs: &knobs })
    }

    /// The account as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.carry_out();
        let (_, world, log) = self.shared.core.snapshot();
        Snapshot { world, log, schedule: self.launcher.schedule() }
    }

    fn carry_out(&self) {
        let mut effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.shared.core.now();
        while let Ok(effect) = effects.try_recv() {
            match effect {
                Effect::ResolveImages { revision, images } => {
                    self.launcher.resolve_at(now, revision, images);
                }
                Effect::LaunchTask { task, containers } => self.launcher.launch_at(now, &task, &containers),
                Effect::StopTask { task } => self.launcher.stop_at(now, &task),
                Effect::Announce(change) => {
                    let event = envelope(&self.shared.core.current().arns, &change);
                    self.announced.lock().unwrap_or_else(PoisonError::into_inner).push(event);
                }
                // There are no ports.
                Effect::OpenFront { .. } | Effect::CloseFront { .. } => {}
            }
        }
    }
}

/// Whether time alone changes nothing about a service any more (but that stopped tasks are forgotten).
fn is_settled(world: &World, service: &Service) -> bool {
    let quiet = |rollout| rollout == RolloutState::Completed;
    let [primary] = service.deployments.as_slice() else { return false };
    let wanted = service.desired_count as usize;
    let live: Vec<_> = world.tasks_of(&service.arn).filter(|task| task.is_live()).collect();
    quiet(primary.rollout) && live.len() == wanted && live.iter().all(|task| task.is_serving() && task.steady)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use serde_json::json;

    use super::*;
    use crate::config::{Initial, ServiceSeed};
    use crate::model::ImageDigests;

    fn at(now: &Arc<AtomicU64>, snapshot: &Snapshot, fate: Fate) -> VirtualEcs {
        let clock = Arc::clone(now);
        let launcher = VirtualLauncher::new(move |_, reference| {
            let digests = ImageDigests { index: None, manifest: "sha256:1".to_owned() };
            (!reference.contains("gone")).then_some(Image { digests, fate })
        });
        let now: Now = Arc::new(move || clock.load(Ordering::SeqCst));
        VirtualEcs::restore(snapshot, launcher, now, Knobs::default(), Timing::default())
    }

    fn web(image: &str) -> Vec<ClusterSeed> {
        let content = json!({ "family": "web", "containerDefinitions": [{ "name": "app", "image": image, "essential": true }] });
        let service = ServiceSeed {
            name: "web".to_owned(),
            task_definition: content,
            desired_count: 1,
            deployment_configuration: Value::Null,
            front_port: 0,
            initial: Initial::NeverCompleted,
        };
        vec![ClusterSeed { name: "main".to_owned(), services: vec![service] }]
    }

    /// Moves the clock from one thing that is due to the next, for a minute at most.
    fn pass_a_minute(now: &Arc<AtomicU64>, ecs: &VirtualEcs) {
        let end = now.load(Ordering::SeqCst) + 60_000;
        while let Some(next) = ecs.next().filter(|next| *next < end) {
            now.store(next.max(now.load(Ordering::SeqCst) + 1), Ordering::SeqCst);
            ecs.step();
        }
    }

    fn rollout(ecs: &VirtualEcs) -> RolloutState {
        ecs.inspect(|world, _| world.service("main", "web").unwrap().primary().unwrap().rollout)
    }

    #[test]
    fn a_service_settles_in_no_time_and_a_copy_of_it_is_settled_too() {
        let now = Arc::new(AtomicU64::new(1_000_000));
        let ecs = at(&now, &Snapshot::empty("us-east-1", "000000000000", 1), Fate::Runs);
        ecs.seed(&web("host/web:1")).unwrap();
        pass_a_minute(&now, &ecs);
        assert_eq!((rollout(&ecs), ecs.next()), (RolloutState::Completed, None));
        let copy = at(&now, &ecs.snapshot(), Fate::Runs);
        assert_eq!((rollout(&copy), copy.next()), (RolloutState::Completed, None));
    }

    #[test]
    fn a_task_that_exits_and_an_image_that_is_gone_never_complete() {
        for (image, fate) in [("host/web:1", Fate::Exits(100, 3)), ("host/gone:1", Fate::Runs)] {
            let now = Arc::new(AtomicU64::new(1_000_000));
            let ecs = at(&now, &Snapshot::empty("us-east-1", "000000000000", 1), fate);
            ecs.seed(&web(image)).unwrap();
            pass_a_minute(&now, &ecs);
            assert_eq!(rollout(&ecs), RolloutState::InProgress);
            assert!(ecs.inspect(|world, _| world.tasks.len()) > 1, "{image} is started again");
        }
    }
}
