//! The clusters and services that are there from the start.
//!
//! What the state file has already is left alone, also if the seed says otherwise.

use serde_json::{Map, Value};

use crate::config::{ClusterSeed, Initial, ServiceSeed};
use crate::model::{ApiError, NewService, Step, World};

/// Adds what is missing. On failure returns the service's name with the cause.
pub(crate) fn apply(
    world: &mut World,
    step: Step<'_>,
    clusters: &[ClusterSeed],
) -> Result<(), (String, ApiError)> {
    for cluster in clusters {
        world.ensure_cluster(&cluster.name);
        for service in &cluster.services {
            if world.service(&cluster.name, &service.name).is_err() {
                add(world, step, &cluster.name, service).map_err(|error| (service.name.clone(), error))?;
            }
        }
    }
    Ok(())
}

fn add(world: &mut World, step: Step<'_>, cluster: &str, seed: &ServiceSeed) -> Result<(), ApiError> {
    let content = seed.task_definition.as_object().cloned().unwrap_or_default();
    let definition = world.register_task_definition(step.now, content)?;
    let mut settings = Map::new();
    settings.insert("deploymentConfiguration".to_owned(), seed.deployment_configuration.clone());
    settings.insert("launchType".to_owned(), Value::from("FARGATE"));
    let new = NewService {
        cluster: cluster.to_owned(),
        name: seed.name.clone(),
        task_definition: definition.arn,
        desired_count: seed.desired_count,
        settings,
        front_port: seed.front_port,
    };
    let arn = world.create_service(step, new)?;
    match seed.initial {
        Initial::Completed => world.complete_initial_deployment(step, &arn),
        Initial::NeverCompleted => {}
    }
    Ok(())
}
