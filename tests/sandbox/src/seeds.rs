//! What exists before the first deployment: the repository, two clusters with an application and a database
//! service each, and the database's image. The application's services have a first task definition whose
//! image does not exist, as a stack has before anything was ever deployed to it.

use std::path::Path;

use ecs_sim::{ClusterSeed, Initial, ServiceSeed};
use github_sim::{EnvironmentSpec, InputSpec, RepositorySpec, WorkflowSpec};
use oci_image::RegistryAuth;
use oci_image::build::{Content, FileSpec, ImageSpec, LayerSpec, Shape};
use serde_json::{Value, json};

use crate::SandboxError;
use crate::places::Ports;

/// The repository's owner.
pub const OWNER: &str = "acme";
/// The repository's name, and the application's.
pub const REPOSITORY: &str = "sample";
/// The image repository's name in the registry.
pub const IMAGES: &str = "acme/sample";
const DATABASE_IMAGES: &str = "acme/database";

/// The file of the workflow that promotes.
pub const DEPLOY_PRODUCTION: &str = "deploy-production.yml";
/// Who approves its runs.
pub const REVIEWER: &str = "reviewer";

/// The repository, without commits: with the workflows of infra/github, as far as runs of them can be told apart, and
/// with the environments that the deployment guide asks for.
#[must_use]
pub fn repository() -> RepositorySpec {
    let environment = |name: &str, reviewers: &[&str]| EnvironmentSpec {
        name: name.to_owned(),
        reviewers: reviewers.iter().map(|login| (*login).to_owned()).collect(),
        prevent_self_review: !reviewers.is_empty(),
    };
    let promotion = WorkflowSpec {
        file: DEPLOY_PRODUCTION.to_owned(),
        name: "Deploy Production".to_owned(),
        run_name: "Deploy Production ${{ inputs.beta_tag }}".to_owned(),
        inputs: vec![InputSpec { name: "beta_tag".to_owned(), required: true }],
        environment: Some("production".to_owned()),
    };
    RepositorySpec {
        image_repository: Some(IMAGES.to_owned()),
        workflows: vec![WorkflowSpec::image_build(), promotion],
        environments: vec![environment("staging", &[]), environment("production", &[REVIEWER])],
        ..RepositorySpec::new(OWNER, REPOSITORY)
    }
}

/// The clusters `staging` and `production`.
#[must_use]
pub fn clusters(ports: &Ports) -> Vec<ClusterSeed> {
    vec![
        cluster("staging", 1, ports.registry, ports.staging, ports.staging_database),
        cluster("production", 2, ports.registry, ports.production, ports.production_database),
    ]
}

fn cluster(name: &str, tasks: u32, registry: u16, front: u16, database_port: u16) -> ClusterSeed {
    let place = |service, front| Place { cluster: name, service, registry, front };
    ClusterSeed {
        name: name.to_owned(),
        services: vec![
            application(&place("app", front), IMAGES, tasks, database_port),
            database(&place("database", database_port)),
        ],
    }
}

/// Where a service is, and what it is reached by.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The cluster's name.
    pub cluster: &'a str,
    /// The service's name; its task definitions' family is both names.
    pub service: &'a str,
    /// The registry's port.
    pub registry: u16,
    /// The port of the service's front.
    pub front: u16,
}

/// An application's service that was never deployed to: it is to run `tasks` of an image that does not exist.
#[must_use]
pub fn application(place: &Place<'_>, images: &str, tasks: u32, database: u16) -> ServiceSeed {
    let container = json!({
        "name": "app",
        "image": format!("127.0.0.1:{}/{images}:bootstrap", place.registry),
        "essential": true,
        "environment": [{ "name": "DATABASE_URL", "value": format!("http://127.0.0.1:{database}") }],
        "portMappings": [{ "containerPort": 8080 }],
    });
    let rolling = json!({
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true },
    });
    service(place, &container, tasks, rolling, Initial::NeverCompleted)
}

/// A database's service, which runs.
#[must_use]
pub fn database(place: &Place<'_>) -> ServiceSeed {
    let container = json!({
        "name": "postgres",
        "image": format!("127.0.0.1:{}/{DATABASE_IMAGES}:18", place.registry),
        "essential": true,
        "portMappings": [{ "containerPort": 5432 }],
    });
    let replacing = json!({ "minimumHealthyPercent": 0, "maximumPercent": 100 });
    service(place, &container, 1, replacing, Initial::Completed)
}

fn service(
    place: &Place<'_>,
    container: &Value,
    tasks: u32,
    configuration: Value,
    initial: Initial,
) -> ServiceSeed {
    ServiceSeed {
        name: place.service.to_owned(),
        task_definition: json!({
            "family": format!("{}-{}", place.cluster, place.service),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [container],
        }),
        desired_count: tasks,
        deployment_configuration: configuration,
        front_port: place.front,
        initial,
    }
}

/// Builds and pushes the database's image; pushing it again changes nothing.
///
/// # Errors
/// The registry refuses it.
pub async fn push_database(registry: u16, sample_app: &Path) -> Result<(), SandboxError> {
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
    let failed = |problem: String| SandboxError::Start { what: "the database's image", problem };
    let built = tokio::task::spawn_blocking(move || image.build()).await;
    let built = built.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
    let reference = format!("127.0.0.1:{registry}/{DATABASE_IMAGES}:18");
    let pushed = oci_image::push(&built, &reference, &RegistryAuth::Anonymous).await;
    pushed.map_err(|e| failed(e.to_string()))?;
    Ok(())
}
