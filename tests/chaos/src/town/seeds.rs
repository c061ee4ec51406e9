//! What exists before the first request: repositories without commits, and for each environment an application's
//! service that was never deployed to and a database that runs. Must hold nothing that a deployment makes.

use std::path::Path;

use ecs_sim::{ClusterSeed, Initial, ServiceSeed};
use github_sim::RepositorySpec;
use oci_image::RegistryAuth;
use oci_image::build::{Content, FileSpec, ImageSpec, LayerSpec, Shape};
use serde_json::{Value, json};

use super::places::{Application, OWNER, Service, applications, port, service_name};

const DATABASE_IMAGES: &str = "acme/database";

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
    let registry = format!("127.0.0.1:{}", port::REGISTRY);
    let database = application.front(environment, Service::Database);
    let app = json!({
        "name": "app",
        "image": format!("{registry}/{}:bootstrap", application.images()),
        "essential": true,
        "environment": [{ "name": "DATABASE_URL", "value": format!("http://127.0.0.1:{database}") }],
        "portMappings": [{ "containerPort": 8080 }],
    });
    let postgres = json!({
        "name": "postgres",
        "image": format!("{registry}/{DATABASE_IMAGES}:18"),
        "essential": true,
        "portMappings": [{ "containerPort": 5432 }],
    });
    let rolling = json!({
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true },
    });
    let replacing = json!({ "minimumHealthyPercent": 0, "maximumPercent": 100 });
    let seed = |service, container: &Value, configuration, initial| {
        let name = service_name(application.name, service);
        ServiceSeed {
            task_definition: json!({
                "family": format!("{environment}-{name}"),
                "networkMode": "awsvpc",
                "requiresCompatibilities": ["FARGATE"],
                "cpu": "256",
                "memory": "512",
                "containerDefinitions": [container],
            }),
            name,
            desired_count: 1,
            deployment_configuration: configuration,
            front_port: application.front(environment, service),
            initial,
        }
    };
    [
        seed(Service::App, &app, rolling, Initial::NeverCompleted),
        seed(Service::Database, &postgres, replacing, Initial::Completed),
    ]
}

/// Builds and pushes the databases' image.
pub(super) async fn push_database(sample_app: &Path) {
    let program = FileSpec {
        path: "/app/sample-app".to_owned(),
        mode: 0o755,
        content: Content::File(sample_app.to_owned()),
    };
    let image = ImageSpec {
        layers: vec![LayerSpec { files: vec![program] }],
        entrypoint: vec!["/app/sample-app".to_owned(), "database".to_owned()],
        shape: Shape::Manifest,
        ..ImageSpec::default()
    };
    let built = tokio::task::spawn_blocking(move || image.build()).await.unwrap().unwrap();
    let reference = format!("127.0.0.1:{}/{DATABASE_IMAGES}:18", port::REGISTRY);
    oci_image::push(&built, &reference, &RegistryAuth::Anonymous).await.unwrap();
}
