//! Everything that a worker talks to, in this process and under one clock that only moves by hand: ECS's and
//! GitHub's simulators with reads that lag behind writes, a registry, a table, a queue, and the deployed
//! application. Can be copied at a quiet moment, so that every run of a flow begins in the same place.

mod answers;
mod conduct;
mod pace;
mod queue;
mod registry;
pub(crate) mod settings;
mod table;
mod timeline;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use ecs_sim::{VirtualEcs, VirtualLauncher};
use github_sim::{CheckSpec, CommitSpec, Status, VirtualGithub};
use lockstep_events::{BuildFinished, Message, encode};
use serde_json::Value;

pub(crate) use conduct::{Conduct, Conducts};
pub(crate) use pace::Pace;
pub(crate) use queue::{Found, Queue};
pub(crate) use registry::{Contents, Registry};
pub(crate) use table::Table;
pub(crate) use timeline::{Timeline, millis};

use crate::environment::GITHUB_TOKEN;
use settings::{ACCOUNT, OWNER, REGION, REPOSITORY};

/// When every town begins: 2026-11-23T09:00:00Z.
const BEGINNING: i64 = 1_795_424_400_000;

/// A town at a quiet moment: no message is in its queue.
#[derive(Clone)]
pub(crate) struct Snapshot {
    now: i64,
    ecs: ecs_sim::Snapshot,
    github: github_sim::Snapshot,
    registry: Contents,
    table: Vec<Value>,
}

/// Everything that a worker talks to.
pub(crate) struct Town {
    pub(crate) timeline: Arc<Timeline>,
    pub(crate) ecs: VirtualEcs,
    ecs_api: Router,
    pub(crate) github: VirtualGithub,
    github_api: Router,
    pub(crate) registry: Arc<Registry>,
    pub(crate) table: Table,
    pub(crate) queue: Queue,
    conducts: Conducts,
    pub(crate) pace: Pace,
    /// Until when an empty queue is waited at, in milliseconds; before, it means that nothing is under way any more.
    stays_until: AtomicI64,
}

impl Snapshot {
    /// When it was taken, in milliseconds of virtual time.
    pub(crate) fn now(&self) -> i64 {
        self.now
    }

    /// Before anything was ever deployed: services that run a placeholder, a repository without a commit.
    pub(crate) fn beginning(port: u16) -> Self {
        let empty = Self {
            now: BEGINNING,
            ecs: ecs_sim::Snapshot::empty(REGION, ACCOUNT, 1),
            github: github_sim::Snapshot::default(),
            registry: Contents::default(),
            table: Vec::new(),
        };
        let town = Town::restore(&empty, port, Conducts::good(), Pace::Quick);
        town.ecs.seed(&settings::clusters(port)).expect("the suite's own services");
        town.github.control().create_repository(settings::repository()).expect("the suite's own repository");
        town.settle();
        town.snapshot()
    }
}

impl Town {
    /// A town that goes on from a snapshot, with images that behave so.
    pub(crate) fn restore(snapshot: &Snapshot, port: u16, conducts: Conducts, pace: Pace) -> Self {
        let timeline = Arc::new(Timeline::at(snapshot.now));
        let registry = Arc::new(Registry::restore(&snapshot.registry));
        let (clock, images) = (Arc::clone(&timeline), Arc::clone(&registry));
        let launcher =
            VirtualLauncher::new(move |cluster, reference| conducts.image(&images, cluster, reference));
        let ecs = VirtualEcs::restore(
            &snapshot.ecs,
            launcher,
            Arc::new(move || clock.millis().unsigned_abs()),
            lagging_ecs(),
            pace.ecs(),
        );
        let clock = Arc::clone(&timeline);
        let github = VirtualGithub::restore(
            &snapshot.github,
            &format!("http://127.0.0.1:{port}"),
            &[GITHUB_TOKEN],
            github_sim::Knobs { dispatch_listing_lag_ms: 5_000, ..github_sim::Knobs::default() },
            Arc::new(move || clock.timestamp()),
        );
        Self {
            timeline,
            ecs_api: ecs.router(),
            ecs,
            github_api: github.router(),
            github,
            registry,
            table: Table::restore(&snapshot.table),
            queue: Queue::default(),
            conducts,
            pace,
            stays_until: AtomicI64::new(0),
        }
    }

    /// The town as it is.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            now: self.timeline.millis(),
            ecs: self.ecs.snapshot(),
            github: self.github.snapshot(),
            registry: self.registry.contents(),
            table: self.table.items(),
        }
    }

    /// Commits a version to `main`, with its check passed; the commit's SHA.
    pub(crate) fn push(&self, version: &str) -> String {
        let manifest = format!("[package]\nname = \"server\"\nversion = \"{version}\"\n");
        let commit = CommitSpec {
            branch: "main".to_owned(),
            changes: [("apps/server/Cargo.toml".to_owned(), Some(manifest))].into(),
            message: format!("Version {version}"),
            author: "octocat".to_owned(),
        };
        let control = self.github.control();
        let sha = control.commit(OWNER, REPOSITORY, commit).expect("a commit on main");
        let check = CheckSpec {
            commit: sha.clone(),
            name: "ci".to_owned(),
            status: Status::Completed,
            conclusion: Some("success".to_owned()),
        };
        control.report_check(OWNER, REPOSITORY, &check).expect("a check of a commit that exists");
        sha
    }

    /// Moves the clock to `until`, and lets happen on the way what is due.
    pub(crate) fn advance(&self, until: i64) {
        while self.timeline.millis() < until {
            let build = self
                .github
                .builds()
                .iter()
                .map(|b| b.dispatched_at.as_millisecond() + self.pace.build())
                .min();
            let task = self.ecs.next().map(|at| i64::try_from(at).unwrap_or(i64::MAX));
            let next = [build, task].into_iter().flatten().min().unwrap_or(until);
            self.timeline.set(next.clamp(self.timeline.millis() + 1, until));
            self.ecs.step();
            self.end_builds();
            self.announce();
        }
    }

    /// Whether this cluster's application answers ready now.
    pub(crate) fn is_ready(&self, cluster: &str) -> bool {
        self.ecs.inspect(|world, _| {
            let Ok(service) = world.service(cluster, "app") else { return false };
            let mut serving = world.tasks_of(&service.arn).filter(|task| task.is_serving()).peekable();
            let answers = |image: &str| self.conducts.of(&self.registry, cluster, image) == Conduct::Good;
            serving.peek().is_some() && serving.all(|task| task.containers.iter().all(|c| answers(&c.image)))
        })
    }

    /// The tag of this version's beta.
    pub(crate) fn beta_of(&self, version: &str) -> String {
        let tags = self.registry.contents().tags;
        let mut betas = tags.into_keys().filter(|tag| tag.ends_with(".beta"));
        betas
            .find(|tag| tag.starts_with(&format!("{version}-")))
            .expect("a beta of that version was deployed")
    }

    /// Lets everything come to rest.
    pub(crate) fn settle(&self) {
        self.advance(self.timeline.millis() + millis(Duration::from_secs(60)));
    }

    /// From now on an empty queue is waited at until then, in milliseconds.
    pub(crate) fn stay_until(&self, until: i64) {
        self.stays_until.store(until, Ordering::SeqCst);
    }

    /// What ECS tells EventBridge goes to the queue, where the pace has events.
    fn announce(&self) {
        let events = self.ecs.announcements();
        let Some(after) = self.pace.event() else { return };
        for event in events {
            self.queue.put(event.to_string(), self.timeline.millis() + after);
        }
    }

    fn end_builds(&self) {
        let now = self.timeline.millis();
        for build in self.github.builds() {
            if build.dispatched_at.as_millisecond() + self.pace.build() > now {
                continue;
            }
            let input = |name| build.inputs.get(name).map_or("", String::as_str);
            self.registry.build(input("image_tag"), input("commit"), input("version"));
            self.github.succeed(&build).expect("the repository is there");
            if let (Some(after), Ok(id)) = (self.pace.notice(), input("deployment_id").parse()) {
                let finished = BuildFinished { id, workflow_run_id: build.run(), workflow_run_attempt: 1 };
                self.queue.put(encode(&Message::BuildFinished(finished)), now + after);
            }
        }
    }
}

/// ECS whose reads lag behind its writes for as long as seems possible, well below a lease.
fn lagging_ecs() -> ecs_sim::Knobs {
    ecs_sim::Knobs {
        read_lag_ms: 3_000,
        service_deployment_listing_lag_ms: 5_000,
        deregister_lag_ms: 20_000,
        deployments_keep_failed_ms: 10_000,
        image_digest: ecs_sim::knobs::ImageDigest::Manifest,
        ..ecs_sim::Knobs::default()
    }
}
