//! Everything a worker holds: the ports, the configuration, its own name. Must never hold a deployment:
//! one that waits costs no worker memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockstep_events::{ApplicationName, EnvironmentName};
use lockstep_state_machines::{Kind, Plan, Policy};

use crate::config::{self, ApplicationConfig, EnvironmentConfig};
use crate::ports::{Application, Chance, Clock, Cluster, Forge, Queue, Registry, ServiceRef, Store};

/// The ports and the configuration.
pub struct World {
    /// The table.
    pub store: Arc<dyn Store>,
    /// The queue.
    pub queue: Arc<dyn Queue>,
    /// ECS.
    pub cluster: Arc<dyn Cluster>,
    /// The deployed applications, over HTTP.
    pub application: Arc<dyn Application>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub chance: Arc<dyn Chance>,
    /// What is deployed.
    pub applications: BTreeMap<ApplicationName, ApplicationWorld>,
    /// Deadlines, polling, retries.
    pub policy: Policy,
    /// This worker.
    pub settings: Settings,
}

/// One application's ports and configuration.
pub struct ApplicationWorld {
    /// Its section of the configuration.
    pub config: ApplicationConfig,
    /// Its repository.
    pub forge: Arc<dyn Forge>,
    /// Its images.
    pub registry: Arc<dyn Registry>,
}

/// This worker.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name in the history, host and process.
    pub worker: String,
    /// How long a claim protects its holder.
    pub lease: Duration,
    /// The longest that one call may take.
    pub call_timeout: Duration,
    /// How long a message stays hidden without a heartbeat.
    pub visibility: Duration,
    /// The time from one look at the locks to the next, on average.
    pub reconcile: Duration,
    /// How many messages are handled at once.
    pub concurrency: usize,
    /// The ids of the roles that workers send wake-ups with; empty: whoever may send may wake.
    pub worker_senders: Vec<String>,
}

/// An environment of an application, resolved.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The application's ports and configuration.
    pub application: &'a ApplicationWorld,
    /// The application's name.
    pub application_name: &'a ApplicationName,
    /// The environment's section of the configuration.
    pub environment: &'a EnvironmentConfig,
    /// The environment's name.
    pub environment_name: &'a EnvironmentName,
}

impl World {
    /// Finds an environment; `None` when it is not configured here.
    #[must_use]
    pub fn place<'a>(
        &'a self,
        application_name: &'a ApplicationName,
        environment_name: &'a EnvironmentName,
    ) -> Option<Place<'a>> {
        let application = self.applications.get(application_name)?;
        let environment = application.config.environments.get(environment_name.as_str())?;
        Some(Place { application, application_name, environment, environment_name })
    }

    /// Every environment, by name.
    pub fn environments(&self) -> impl Iterator<Item = (ApplicationName, EnvironmentName)> {
        self.applications.iter().flat_map(|(application, world)| {
            let names = world.config.environments.keys().filter_map(|name| name.parse().ok());
            names.map(|environment| (application.clone(), environment))
        })
    }
}

impl Place<'_> {
    /// The application's service.
    #[must_use]
    pub fn service(&self) -> ServiceRef {
        ServiceRef { cluster: self.environment.cluster.clone(), service: self.environment.service.clone() }
    }

    /// The database's service, if the environment has one.
    #[must_use]
    pub fn database(&self) -> Option<ServiceRef> {
        let database = self.environment.database.as_ref()?;
        Some(ServiceRef { cluster: self.environment.cluster.clone(), service: database.service.clone() })
    }

    /// How the state machine deploys here.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let kind = match self.environment.kind {
            config::Kind::Staging => Kind::Staging,
            config::Kind::Production => Kind::Production,
        };
        Plan { kind, with_database: self.environment.database.is_some() }
    }
}
