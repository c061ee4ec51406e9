//! Who lives in the town and where: names and ports. The network is the test's own, so ports are simply written
//! down; all are below those that Linux gives to outgoing connections. Must never hold an address but 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr};

use lockstep_events::{ApplicationName, EnvironmentName};

/// The owner of every repository.
pub(crate) const OWNER: &str = "acme";

/// The applications.
const NAMES: [&str; 6] = ["atlas", "birch", "cedar", "delta", "ember", "fjord"];

/// Where the services are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) dynamodb: u16,
    pub(super) sqs: u16,
    pub(super) registry: u16,
    pub(super) github: u16,
    pub(super) ecs: u16,
}

pub(super) mod port {
    //! The ports.
    use super::Ports;

    pub(in crate::town) const SQS: u16 = 12_001;
    pub(in crate::town) const REGISTRY: u16 = 12_002;
    pub(in crate::town) const GITHUB: u16 = 12_003;
    pub(in crate::town) const ECS: u16 = 12_004;
    /// The services themselves; DynamoDB Local's is `conformance`'s.
    pub(in crate::town) const DIRECT: Ports =
        Ports { dynamodb: 8_100, sqs: SQS, registry: REGISTRY, github: GITHUB, ecs: ECS };
    /// The proxies in front of them.
    pub(in crate::town) const PROXIED: Ports =
        Ports { dynamodb: 12_100, sqs: 12_101, registry: 12_102, github: 12_103, ecs: 12_104 };
    /// The first of the ports in front of applications and databases.
    pub(super) const FRONTS: u16 = 12_200;
}

/// An application.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) name: &'static str,
    number: u16,
}

/// One of its environments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EnvironmentRef {
    pub(crate) application: ApplicationName,
    pub(crate) environment: EnvironmentName,
}

/// One of an environment's ECS services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    App,
    Database,
}

/// All applications.
pub(crate) fn applications() -> Vec<Application> {
    (0..).zip(NAMES).map(|(number, name)| Application { name, number }).collect()
}

impl Application {
    /// `staging` or `production` of this application.
    pub(crate) fn environment(&self, environment: &str) -> EnvironmentRef {
        EnvironmentRef { application: self.name.parse().unwrap(), environment: environment.parse().unwrap() }
    }

    /// The name of the image repository.
    pub(crate) fn images(&self) -> String {
        format!("{OWNER}/{}", self.name)
    }

    /// The port in front of a service of `staging` or `production`.
    pub(super) fn front(&self, environment: &str, service: Service) -> u16 {
        let offset = match (environment, service) {
            ("staging", Service::App) => 0,
            ("staging", Service::Database) => 1,
            (_, Service::App) => 2,
            (_, Service::Database) => 3,
        };
        port::FRONTS + self.number * 4 + offset
    }
}

impl EnvironmentRef {
    /// The ECS cluster: all of one kind are in one.
    pub(crate) fn cluster(&self) -> &str {
        self.environment.as_str()
    }

    /// The name of an ECS service.
    pub(crate) fn service(&self, service: Service) -> String {
        service_name(self.application.as_str(), service)
    }
}

impl std::fmt::Display for EnvironmentRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.application, self.environment)
    }
}

pub(super) fn service_name(application: &str, service: Service) -> String {
    match service {
        Service::App => application.to_owned(),
        Service::Database => format!("{application}-database"),
    }
}

/// An address on 127.0.0.1.
pub(super) fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
