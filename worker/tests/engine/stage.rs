//! The stage of every test: one application with three staging environments and production, the doubles, and as many workers
//! over them as a test wants. Delivers messages and moves the clock by their delays; asserts what always holds.

use std::sync::Arc;
use std::time::Duration;

use lockstep::adapters::chance::SystemChance;
use lockstep::config::Config;
use lockstep::engine::{Disposition, Engine, EngineError};
use lockstep::ports::{Clock as _, Entry, EnvironmentRecord, HealthyRelease};
use lockstep::world::{ApplicationWorld, Settings, World};
use lockstep_events::{
    CancelRequested, DeployRequested, DeploymentId, Message as Content, Overrides, Requester, Target, WakeUp,
    encode,
};
use lockstep_state_machines::Machine;
use tokio::sync::oneshot;

use crate::doubles::{
    AlwaysReady, FakeCluster, FakeForge, FakeRegistry, HandClock, MemoryQueue, MemoryStore, Message, Wire,
};

/// How long a claim protects its holder.
pub(crate) const LEASE: Duration = Duration::from_secs(45);

/// How often a waiting deployment is looked at.
pub(crate) const POLL: Duration = Duration::from_secs(10);

/// What ran before any test began.
pub(crate) const OLD_DIGEST: &str = "sha256:9999999999999999999999999999999999999999999999999999999999999999";

/// The database's image.
const DATABASE_DIGEST: &str = "sha256:8888888888888888888888888888888888888888888888888888888888888888";

const CONFIGURATION: &str = r#"
table = "lockstep"
[queue]
url = "http://127.0.0.1:1/0/lockstep"
dead_letter_url = "http://127.0.0.1:1/0/dead"
[applications.shop.github]
owner = "acme"
repository = "shop"
version_file = "Cargo.toml"
build_workflow = "build.yml"
[applications.shop.registry]
repository = "127.0.0.1:1/acme/shop"
[applications.shop.environments.staging]
kind = "staging"
cluster = "c"
service = "shop-staging"
container = "app"
readiness = { url = "http://127.0.0.1:1/ready", consecutive = 1 }
[applications.shop.environments.preview]
kind = "staging"
cluster = "c"
service = "shop-preview"
container = "app"
readiness = { url = "http://127.0.0.1:1/ready", consecutive = 1 }
[applications.shop.environments.fresh]
kind = "staging"
cluster = "c"
service = "shop-fresh"
container = "app"
database = { service = "shop-database" }
readiness = { url = "http://127.0.0.1:1/ready", consecutive = 1 }
[applications.shop.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "c"
service = "shop-production"
container = "app"
readiness = { url = "http://127.0.0.1:1/ready", consecutive = 1 }
"#;

/// What the staging environments build: its tag, and the version that it is promoted as.
pub(crate) const BETA: &str = "0.2.0-abcdef0.beta";
pub(crate) const VERSION: &str = "0.2.0";

/// Everything outside of the workers.
pub(crate) struct Stage {
    pub(crate) wire: Arc<Wire>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) queue: Arc<MemoryQueue>,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) registry: Arc<FakeRegistry>,
    pub(crate) forge: Arc<FakeForge>,
    pub(crate) cluster: Arc<FakeCluster>,
}

impl Stage {
    /// Every staging environment runs an old release that was healthy; `fresh` gets a new database each time.
    /// Production runs something that Lockstep did not put there.
    pub(crate) fn new() -> Arc<Self> {
        let (wire, clock) = (Arc::new(Wire::default()), Arc::new(HandClock::new()));
        let registry = Arc::new(FakeRegistry::new(wire.clone()));
        let stage = Self {
            store: Arc::new(MemoryStore::new(wire.clone())),
            queue: Arc::new(MemoryQueue::new(wire.clone(), clock.clone())),
            forge: Arc::new(FakeForge::new(wire.clone(), clock.clone(), registry.clone())),
            cluster: Arc::new(FakeCluster::new(wire.clone(), clock.clone())),
            registry,
            clock,
            wire,
        };
        stage.cluster.create("shop-database", DATABASE_DIGEST);
        stage.cluster.stop_first("shop-database");
        for environment in ["staging", "preview", "fresh"] {
            let service = format!("shop-{environment}");
            stage.cluster.create(&service, OLD_DIGEST);
            stage.was_healthy(environment);
        }
        stage.cluster.create("shop-production", OLD_DIGEST);
        Arc::new(stage)
    }

    /// What an environment runs was healthy once, as 0.1.0.
    fn was_healthy(&self, environment: &str) {
        let release = HealthyRelease {
            deployment: new_id(),
            version: "0.1.0".parse().unwrap(),
            image_tag: "0.1.0".to_owned(),
            commit: None,
            digest: OLD_DIGEST.parse().unwrap(),
            task_definition: format!("shop-{environment}:1"),
            at: self.clock.now(),
        };
        let record = EnvironmentRecord {
            current: Some(release.clone()),
            last_healthy: Some(release),
            dirty: None,
            desired: Some(1),
        };
        self.store.set_record(environment, record);
    }

    /// Production runs 0.1.0, which was healthy and is the latest image and release.
    pub(crate) fn production_runs_the_old_release(&self) {
        self.was_healthy("production");
        for tag in ["0.1.0", "latest"] {
            self.registry.push(tag, OLD_DIGEST.parse().unwrap());
        }
        self.forge.put_release("0.1.0", false, &"d".repeat(40).parse().unwrap());
        self.forge.make_latest("0.1.0");
    }

    /// What a worker of this name holds.
    pub(crate) fn world(&self, name: &str) -> World {
        let config = Config::parse(CONFIGURATION, "test.toml".as_ref(), std::iter::empty()).unwrap();
        let application =
            |config| ApplicationWorld { config, forge: self.forge.clone(), registry: self.registry.clone() };
        World {
            store: self.store.clone(),
            queue: self.queue.clone(),
            cluster: self.cluster.clone(),
            application: Arc::new(AlwaysReady),
            clock: self.clock.clone(),
            chance: Arc::new(SystemChance),
            policy: config.policy(),
            applications: config
                .applications
                .into_iter()
                .map(|(name, config)| (name.parse().unwrap(), application(config)))
                .collect(),
            settings: Settings {
                worker: name.to_owned(),
                lease: LEASE,
                call_timeout: Duration::from_secs(15),
                visibility: Duration::from_secs(60),
                reconcile: Duration::from_secs(120),
                concurrency: 4,
                worker_senders: Vec::new(),
            },
        }
    }

    /// A worker.
    pub(crate) fn worker(&self, name: &str) -> Engine {
        Engine::new(Arc::new(self.world(name)))
    }

    /// Asks for a deployment.
    pub(crate) fn ask(&self, environment: &str) -> (DeploymentId, Message) {
        let request = request(environment);
        (request.id, self.put(&Content::DeployRequested(Box::new(request))))
    }

    /// Asks for the promotion of the beta that the staging environments build.
    pub(crate) fn promote(&self) -> (DeploymentId, Message) {
        self.promote_with(Overrides::default())
    }

    /// The same, with rules set aside.
    pub(crate) fn promote_with(&self, overrides: Overrides) -> (DeploymentId, Message) {
        let target = Target::Beta { tag: BETA.parse().unwrap() };
        let request = DeployRequested { target, overrides, ..request("production") };
        (request.id, self.put(&Content::DeployRequested(Box::new(request))))
    }

    /// Builds the commit and has it healthy in staging.
    pub(crate) async fn stage_the_beta(&self, engine: &Engine) {
        let (id, _) = self.ask("staging");
        self.up_to(engine, id, "healthy").await;
    }

    /// Asks for an end of a deployment.
    pub(crate) fn ask_to_cancel(&self, id: DeploymentId) -> Message {
        self.put(&Content::CancelRequested(CancelRequested { id, requester: requester("bob"), reason: None }))
    }

    /// A wake-up with this number, from wherever.
    pub(crate) fn put_wake(&self, id: DeploymentId, number: u64) -> Message {
        self.put(&Content::WakeUp(WakeUp { id, number, takeover_of: None }))
    }

    /// Puts a message into the queue.
    pub(crate) fn put(&self, content: &Content) -> Message {
        self.queue.put(&encode(content), Duration::ZERO)
    }

    /// Has a worker handle a message; it is deleted as the worker's loop would delete it.
    pub(crate) async fn deliver(
        &self,
        engine: &Engine,
        message: &Message,
    ) -> Result<Disposition, EngineError> {
        let delivery = message.delivery();
        let outcome = engine.handle(&delivery).await;
        if let Ok(Disposition::Done) = outcome {
            self.queue.remove(&delivery.receipt);
        }
        outcome
    }

    /// As [`Self::deliver`], for a message that must be done with afterwards.
    pub(crate) async fn done(&self, engine: &Engine, message: &Message) {
        assert_eq!(self.deliver(engine, message).await.unwrap(), Disposition::Done);
    }

    /// Lets a worker die at this moment of handling a message: what it sent stands, nothing follows.
    pub(crate) async fn dies(&self, engine: &Engine, message: &Message, moment: String) {
        let (dying, died) = oneshot::channel();
        self.wire.before(moment, async move {
            dying.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            outcome = self.deliver(engine, message) => panic!("it was to die: {outcome:?}"),
            died = died => died.unwrap(),
        }
    }

    /// Delivers the message that has been in the queue longest, once its delay has passed.
    pub(crate) async fn next(&self, engine: &Engine) {
        let message = self.queue.live().into_iter().next().expect("a message is in the queue");
        self.clock.forward(message.delay);
        self.done(engine, &message).await;
    }

    /// Delivers one message after the other until the deployment is in this state.
    pub(crate) async fn up_to(&self, engine: &Engine, id: DeploymentId, state: &str) {
        for _ in 0..50 {
            if self.store.items(id).last().is_some_and(|newest| newest.to == state) {
                return;
            }
            assert!(!self.queue.live().is_empty(), "it ended before {state}: {:#?}", self.path(id));
            self.next(engine).await;
        }
        panic!("never came to {state}: {:#?}", self.path(id));
    }

    /// The newest history item.
    pub(crate) fn newest(&self, id: DeploymentId) -> Entry {
        self.store.items(id).pop().expect("the deployment has a record")
    }

    /// The machine of the newest item.
    pub(crate) fn machine(&self, id: DeploymentId) -> Machine {
        Machine::restore(&self.newest(id).snapshot).unwrap()
    }

    /// Every event of the history with the state it led to.
    pub(crate) fn path(&self, id: DeploymentId) -> Vec<(String, String)> {
        self.store.items(id).into_iter().map(|item| (item.event, item.to)).collect()
    }

    /// How often this event is in the history.
    pub(crate) fn events(&self, id: DeploymentId, event: &str) -> usize {
        self.path(id).iter().filter(|(happened, _)| happened == event).count()
    }

    /// The wake-ups in the queue that the deployment still heeds.
    pub(crate) fn chain(&self, id: DeploymentId) -> Vec<Message> {
        let record = self.newest(id).wake;
        let live = self.queue.live().into_iter().filter(|message| message.body.contains("wake-up"));
        live.filter(|message| message.wake().id == id && message.wake().number >= record).collect()
    }

    /// The one wake-up that keeps the deployment going.
    pub(crate) fn only_wake(&self, id: DeploymentId) -> Message {
        let chain = self.chain(id);
        assert_eq!(chain.len(), 1, "{chain:#?}");
        chain[0].clone()
    }
}

/// Whether the item's claim is of a worker of this name.
pub(crate) fn is_claimed_by(item: &Entry, name: &str) -> bool {
    item.claim.as_ref().is_some_and(|claim| claim.starts_with(&format!("{name}/")))
}

/// A new deployment's id.
pub(crate) fn new_id() -> DeploymentId {
    uuid::Uuid::now_v7().try_into().unwrap()
}

/// A new request for the default branch.
pub(crate) fn request(environment: &str) -> DeployRequested {
    DeployRequested {
        id: new_id(),
        application: "shop".parse().unwrap(),
        environment: environment.parse().unwrap(),
        target: Target::Commit { reference: None },
        requester: requester("alice"),
        requested_at: "2026-11-23T08:59:00Z".parse().unwrap(),
        overrides: Overrides::default(),
    }
}

fn requester(actor: &str) -> Requester {
    Requester { actor: actor.to_owned(), workflow_run_id: None, workflow_run_attempt: None }
}
