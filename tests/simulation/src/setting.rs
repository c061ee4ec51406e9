//! The stage: one application with two staging environments (one has a database) and production, which has long
//! been running a healthy release; and what a worker holds there. Must never differ between two workers but in
//! their names.

use std::sync::Arc;
use std::time::Duration;

use lockstep::config::{Config, ConfigError};
use lockstep::ports::{EnvironmentRecord, HealthyRelease};
use lockstep::world::{ApplicationWorld, Settings, World};
use uuid::Uuid;

use crate::plan::{CALL_TIMEOUT, LEASE, VISIBILITY};
use crate::ports::{
    SimApplication, SimChance, SimClock, SimCluster, SimForge, SimQueue, SimRegistry, SimStore,
};
use crate::services::forge::Releases;
use crate::services::registry::{Image, Nature};
use crate::universe::Universe;
use crate::wire::Line;

/// The tag that names what production runs.
pub(crate) const LATEST: &str = "latest";

/// The production environment.
pub(crate) const PRODUCTION: &str = "production";

/// The environments.
pub(crate) const ENVIRONMENTS: [&str; 3] = ["preview", PRODUCTION, "staging"];

/// What ran everywhere before anything began.
const FIRST_DIGEST: &str = "sha256:9999999999999999999999999999999999999999999999999999999999999999";
const FIRST_COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FIRST_VERSION: &str = "0.1.0";

const CONFIGURATION: &str = r#"
table = "lockstep"
[queue]
url = "http://127.0.0.1:1/0/lockstep"
dead_letter_url = "http://127.0.0.1:1/0/dead"
[deadlines]
checks_seconds = 900
build_seconds = 1200
rollout_seconds = 900
readiness_seconds = 240
action_seconds = 900
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
database = { service = "database-staging" }
readiness = { url = "http://127.0.0.1:1/staging", consecutive = 2, commit_pointer = "/commit" }
[applications.shop.environments.preview]
kind = "staging"
cluster = "c"
service = "shop-preview"
container = "app"
readiness = { url = "http://127.0.0.1:1/preview", consecutive = 1, commit_pointer = "/commit" }
[applications.shop.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "c"
service = "shop-production"
container = "app"
readiness = { url = "http://127.0.0.1:1/production", consecutive = 2, commit_pointer = "/commit" }
"#;

/// An environment's service.
pub(crate) fn service(environment: &str) -> String {
    format!("shop-{environment}")
}

/// An environment's database service, if it has one.
pub(crate) fn database(environment: &str) -> Option<String> {
    (environment == "staging").then(|| format!("database-{environment}"))
}

/// The environment that a service belongs to.
pub(crate) fn environment_of(service: &str) -> Option<&'static str> {
    let name = service.rsplit('-').next()?;
    ENVIRONMENTS.into_iter().find(|environment| *environment == name)
}

/// The configuration, read once for all workers of a campaign.
///
/// # Errors
/// The configuration above is not one any more.
pub(crate) fn configuration() -> Result<Config, ConfigError> {
    Config::parse(CONFIGURATION, "simulation.toml".as_ref(), std::iter::empty())
}

/// What a worker holds.
pub(crate) fn world(config: &Config, line: &Line) -> World {
    let (name, reconcile) = {
        let universe = line.shared.lock();
        (universe.staff.workers[line.worker].name.clone(), universe.plan.reconcile)
    };
    let application = |config: &lockstep::config::ApplicationConfig| ApplicationWorld {
        config: config.clone(),
        forge: Arc::new(SimForge(line.clone())),
        registry: Arc::new(SimRegistry(line.clone())),
    };
    World {
        store: Arc::new(SimStore(line.clone())),
        queue: Arc::new(SimQueue(line.clone())),
        cluster: Arc::new(SimCluster(line.clone())),
        application: Arc::new(SimApplication(line.clone())),
        clock: Arc::new(SimClock(line.clone())),
        chance: Arc::new(SimChance(line.clone())),
        policy: config.policy(),
        applications: config
            .applications
            .iter()
            .filter_map(|(name, config)| Some((name.parse().ok()?, application(config))))
            .collect(),
        settings: Settings {
            worker: name,
            lease: LEASE,
            call_timeout: CALL_TIMEOUT,
            visibility: VISIBILITY,
            reconcile,
            concurrency: 4,
            worker_senders: Vec::new(),
        },
    }
}

impl Universe {
    /// Builds the stage.
    pub(crate) fn set_stage(&mut self) {
        let image = Image { commit: FIRST_COMMIT.to_owned(), nature: Nature::Good };
        self.images.images.insert(FIRST_DIGEST.to_owned(), image);
        for environment in ENVIRONMENTS {
            self.create_service(&service(environment), Some(FIRST_DIGEST));
            if let Some(database) = database(environment) {
                self.create_service(&database, None);
            }
            self.write_first_record(environment);
        }
        if let Ok(digest) = FIRST_DIGEST.parse() {
            self.point_tag(LATEST, &digest);
            self.point_tag(FIRST_VERSION, &digest);
        }
        let release = lockstep::ports::Release {
            id: 1,
            tag: FIRST_VERSION.to_owned(),
            prerelease: false,
            draft: false,
            body: String::new(),
            url: format!("https://forge.test/releases/{FIRST_VERSION}"),
        };
        self.repository.releases.change(Duration::ZERO, Duration::ZERO, |book: &mut Releases| {
            book.releases.push(release);
            book.tags.extend(FIRST_COMMIT.parse().ok().map(|commit| (FIRST_VERSION.to_owned(), commit)));
            book.latest = Some(1);
        });
        for _ in 0..2 {
            self.merge_commit();
        }
    }

    fn write_first_record(&mut self, environment: &str) {
        let deployment = self.new_id();
        let parsed =
            (environment.parse(), deployment.try_into(), FIRST_VERSION.parse(), FIRST_DIGEST.parse());
        let (Ok(name), Ok(deployment), Ok(version), Ok(digest)) = parsed else { return };
        let release = HealthyRelease {
            deployment,
            version,
            image_tag: FIRST_VERSION.to_owned(),
            commit: FIRST_COMMIT.parse().ok(),
            digest,
            task_definition: format!("{}:1", service(environment)),
            at: self.time(),
        };
        let (current, last_healthy) = (Some(release.clone()), Some(release));
        let record = EnvironmentRecord { current, last_healthy, dirty: None, desired: Some(1) };
        self.table.records.insert(name, record);
    }

    /// An id that nobody else has.
    pub(crate) fn new_id(&mut self) -> Uuid {
        let milliseconds = u64::try_from(self.time().as_millisecond()).unwrap_or(0);
        let (high, low) = (self.dice.bits().to_be_bytes(), self.dice.bits().to_be_bytes());
        let random = [high[0], high[1], low[0], low[1], low[2], low[3], low[4], low[5], low[6], low[7]];
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }

    /// Whether staging has shown this digest healthy, it ran before anything began, or somebody gave a reason.
    pub(crate) fn is_proven_or_waived(&self, digest: &str) -> bool {
        let tags = self.images.tags.now();
        let named = |tag: &String| tags.get(tag).is_some_and(|named| named.as_str() == digest);
        digest == FIRST_DIGEST
            || self.table.betas.values().any(|beta| beta.digest.as_str() == digest)
            || self.customers.waived.iter().any(named)
    }
}
