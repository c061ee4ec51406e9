//! What exists before the first request: repositories without commits, and for each environment an application's
//! service that was never deployed to and a database that runs. Must hold nothing that a deployment makes.

use ecs_sim::{ClusterSeed, ServiceSeed};
use github_sim::RepositorySpec;
use sandbox::seeds::{self, Place};

use super::places::{Application, OWNER, Service, applications, port, service_name};

/// An application's repository.
pub(super) fn repository(application: &Application) -> RepositorySpec {
    RepositorySpec {
        image_repository: Some(application.images()),
        ..RepositorySpec::new(OWNER, application.name)
    }
}

/// The clusters `staging` and `production`.
pub(super) fn clusters() -> Vec<ClusterSeed> {
    ["staging", "production"]
        .map(|name| ClusterSeed {
            name: name.to_owned(),
            services: applications().iter().flat_map(|application| services(application, name)).collect(),
        })
        .to_vec()
}

fn services(application: &Application, environment: &str) -> [ServiceSeed; 2] {
    let name = |service| service_name(application.name, service);
    let front = |service| application.front(environment, service);
    let (app, database) = (name(Service::App), name(Service::Database));
    let place = |service, front| Place { cluster: environment, service, registry: port::REGISTRY, front };
    let database_port = front(Service::Database);
    [
        seeds::application(&place(&app, front(Service::App)), &application.images(), 1, database_port),
        seeds::database(&place(&database, database_port)),
    ]
}
