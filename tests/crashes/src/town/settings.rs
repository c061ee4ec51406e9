//! The worker's configuration, with every endpoint at the recorder; and what exists in ECS and GitHub before
//! anything is deployed. Times are long: virtual time costs nothing, and no real time-out must ever be met.

use ecs_sim::{ClusterSeed, Initial, ServiceSeed};
use github_sim::RepositorySpec;
use lockstep::config::Config;
use serde_json::{Value, json};

use super::Pace;
use super::queue::VISIBILITY;
use super::table::TABLE;

/// The repository's owner.
pub(crate) const OWNER: &str = "acme";
/// The repository's name, and the application's.
pub(crate) const REPOSITORY: &str = "sample";
/// The region that everything claims to be in.
pub(crate) const REGION: &str = "us-east-1";
/// The account that everything claims to belong to.
pub(crate) const ACCOUNT: &str = "000000000000";
/// The repository of the deployed images.
pub(crate) const IMAGES: &str = "acme/sample";
/// What the application's services run before anything was deployed.
const PLACEHOLDER: &str = "acme/placeholder:1";
const DATABASE: &str = "acme/database:18";

/// The configuration of a worker whose world is at this port.
pub(crate) fn config(port: u16, pace: Pace) -> Config {
    let origin = format!("http://127.0.0.1:{port}");
    let queue = format!("{origin}/{ACCOUNT}/lockstep");
    let worker = pace.worker(VISIBILITY / 1000);
    let environment = |name: &str, rest: &str| {
        format!(
            r#"
[applications.{REPOSITORY}.environments.{name}]
kind = "{name}"
cluster = "{name}"
service = "app"
container = "app"
{rest}
[applications.{REPOSITORY}.environments.{name}.readiness]
url = "{origin}/ready/{name}"
consecutive = 2
interval_milliseconds = 500
"#
        )
    };
    let database = if pace.has_database() { "database = { service = \"database\" }" } else { "" };
    let staging = environment("staging", database);
    let production = environment("production", "anyone_may_ask = true");
    let text = format!(
        r#"
table = "{TABLE}"
[queue]
url = "{queue}"
dead_letter_url = "{queue}-dead-letters"
[aws]
region = "{REGION}"
dynamodb_endpoint = "{origin}"
sqs_endpoint = "{origin}"
ecs_endpoint = "{origin}"
{worker}[applications.{REPOSITORY}]
release_tag = "{{version}}"
[applications.{REPOSITORY}.github]
api_url = "{origin}"
owner = "{OWNER}"
repository = "{REPOSITORY}"
version_file = "apps/server/Cargo.toml"
build_workflow = "build-image.yml"
[applications.{REPOSITORY}.registry]
repository = "127.0.0.1:{port}/{IMAGES}"
plain_http = true
{staging}
{production}
"#
    );
    Config::parse(&text, "crashes.toml".as_ref(), std::iter::empty()).expect("the suite's own configuration")
}

/// The repository, without commits.
pub(crate) fn repository() -> RepositorySpec {
    RepositorySpec { image_repository: Some(IMAGES.to_owned()), ..RepositorySpec::new(OWNER, REPOSITORY) }
}

/// The clusters `staging` and `production`, settled.
pub(crate) fn clusters(port: u16) -> Vec<ClusterSeed> {
    let rolling = json!({
        "minimumHealthyPercent": 100, "maximumPercent": 200,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true },
    });
    let replacing = json!({ "minimumHealthyPercent": 0, "maximumPercent": 100 });
    let cluster = |name: &str, tasks: u32| {
        let placeholder = format!("127.0.0.1:{port}/{PLACEHOLDER}");
        let database = format!("127.0.0.1:{port}/{DATABASE}");
        let services = vec![
            service(name, "app", &placeholder, tasks, &rolling),
            service(name, "database", &database, 1, &replacing),
        ];
        ClusterSeed { name: name.to_owned(), services }
    };
    vec![cluster("staging", 1), cluster("production", 2)]
}

fn service(cluster: &str, name: &str, image: &str, tasks: u32, configuration: &Value) -> ServiceSeed {
    ServiceSeed {
        name: name.to_owned(),
        task_definition: json!({
            "family": format!("{cluster}-{name}"),
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [{ "name": name, "image": image, "essential": true }],
        }),
        desired_count: tasks,
        deployment_configuration: configuration.clone(),
        front_port: 0,
        initial: Initial::Completed,
    }
}
