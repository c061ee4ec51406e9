//! From configuration to what `doctor` looks through. A secret that is not there is a finding and no reason not to
//! look at the rest, so each application's parts are made by themselves.

use std::sync::Arc;

use super::{WiringError, aws, aws_settings, forge, registry, registry_settings, seconds};
use crate::adapters::aws::{StsInspector, WebIdentity};
use crate::adapters::dynamodb::DynamoDbInspector;
use crate::adapters::ecs::EcsInspector;
use crate::adapters::readiness::HttpApplication;
use crate::adapters::registry::OciInspector;
use crate::adapters::sqs::SqsInspector;
use crate::config::{ApplicationConfig, Config};
use crate::ports::setup::{
    ClusterInspector, ForgeInspector, IdentityInspector, QueueInspector, RegistryInspector, TableInspector,
};
use crate::ports::{Application, Registry};

/// What `doctor` looks through, but for what belongs to one application.
pub struct Inspectors {
    /// Whose credentials these are; `None` where AWS's other services have stand-ins and STS has none: the real one
    /// does not know made-up credentials.
    pub identity: Option<Arc<dyn IdentityInspector>>,
    /// The queues.
    pub queues: Arc<dyn QueueInspector>,
    /// The table.
    pub table: Arc<dyn TableInspector>,
    /// ECS.
    pub clusters: Arc<dyn ClusterInspector>,
    /// The deployed applications, over HTTP.
    pub application: Arc<dyn Application>,
}

/// One application's repository and images.
pub struct ApplicationInspectors {
    /// Its repository, or why there is no client of it.
    pub forge: Result<Arc<dyn ForgeInspector>, WiringError>,
    /// Its images, or why there is no client of them.
    pub registry: Result<RegistryInspectors, WiringError>,
}

/// An application's images: as a worker reads them, and whether they can be written.
pub struct RegistryInspectors {
    /// As a worker reads them.
    pub registry: Arc<dyn Registry>,
    /// Whether they can be written.
    pub inspector: Arc<dyn RegistryInspector>,
}

/// What `doctor` looks through.
///
/// # Errors
/// The HTTP client for readiness cannot be made on this host.
pub async fn inspectors(
    config: &Config,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Inspectors, WiringError> {
    let call_timeout = seconds(config.worker.call_timeout_seconds);
    let settings = aws_settings(config);
    let clients = aws(config).await;
    let sts = config.aws.sts_endpoint.as_deref();
    let stood_in = [&settings.dynamodb_endpoint, &settings.sqs_endpoint, &settings.ecs_endpoint];
    let identity: Option<Arc<dyn IdentityInspector>> =
        if sts.is_none() && stood_in.into_iter().any(Option::is_some) {
            None
        } else {
            let offered = WebIdentity::offered(variable, call_timeout);
            Some(Arc::new(StsInspector::connect(&settings, sts, offered).await))
        };
    Ok(Inspectors {
        identity,
        queues: Arc::new(SqsInspector::new(clients.sqs)),
        table: Arc::new(DynamoDbInspector::new(clients.dynamodb, config.table.clone())),
        clusters: Arc::new(EcsInspector::new(clients.ecs)),
        application: Arc::new(HttpApplication::new(call_timeout)?),
    })
}

impl ApplicationInspectors {
    /// An application's.
    #[must_use]
    pub fn of(name: &str, application: &ApplicationConfig, config: &Config) -> Self {
        let call_timeout = seconds(config.worker.call_timeout_seconds);
        let images = || {
            let settings = registry_settings(name, &application.registry, call_timeout)?;
            let inspector = OciInspector::new(settings)
                .map_err(|source| WiringError::Registry { application: name.to_owned(), source })?;
            Ok(RegistryInspectors {
                registry: Arc::new(registry(name, &application.registry, call_timeout)?),
                inspector: Arc::new(inspector),
            })
        };
        let forge = forge(name, &application.github, call_timeout);
        Self { forge: forge.map(|forge| Arc::new(forge) as Arc<dyn ForgeInspector>), registry: images() }
    }
}
