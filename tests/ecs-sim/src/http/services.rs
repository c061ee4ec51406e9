//! The actions on services.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::{Changing, Reading};
use super::paging::{Paging, page};
use super::shapes::{self, failure};
use super::{input, input::count};
use crate::model::{ApiError, NewService, ServiceChange, ServiceStatus};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    cluster: Option<String>,
    service_name: String,
    task_definition: Option<String>,
    desired_count: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Update {
    cluster: Option<String>,
    service: String,
    task_definition: Option<String>,
    desired_count: Option<i64>,
    force_new_deployment: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    cluster: Option<String>,
    service: String,
    force: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    cluster: Option<String>,
    services: Vec<String>,
    include: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    launch_type: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// The service as an action that changed it answers.
fn changed(changing: &Changing<'_>, arn: &str) -> Result<Value, ApiError> {
    let reading = changing.reading();
    let service = reading.world.services.get(arn).ok_or_else(ApiError::service_not_found)?;
    Ok(json!({ "service": shapes::service(&reading, service, true) }))
}

/// CreateService. Rolling updates by ECS itself only.
pub(crate) fn create(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Create = input::read(body)?;
    let controller = body.pointer("/deploymentController/type").and_then(Value::as_str).unwrap_or("ECS");
    let strategy =
        body.pointer("/deploymentConfiguration/strategy").and_then(Value::as_str).unwrap_or("ROLLING");
    if controller != "ECS" || strategy != "ROLLING" {
        return Err(ApiError::invalid(
            "This simulator has the ECS deployment controller with the ROLLING strategy only.",
        ));
    }
    let task_definition =
        request.task_definition.ok_or_else(|| ApiError::invalid("TaskDefinition can not be blank."))?;
    let new = NewService {
        cluster: changing.world.cluster_name(request.cluster.as_deref())?,
        name: request.service_name,
        task_definition,
        desired_count: count("desiredCount", request.desired_count.unwrap_or(0))?,
        settings: input::others(
            body,
            &["cluster", "serviceName", "taskDefinition", "desiredCount", "clientToken"],
        ),
        front_port: 0,
    };
    let arn = changing.world.create_service(changing.step, new)?;
    note_deployment(changing, &arn, None);
    changed(changing, &arn)
}

/// UpdateService.
pub(crate) fn update(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Update = input::read(body)?;
    let cluster = changing.world.cluster_name(request.cluster.as_deref())?;
    let service = changing.world.service(&cluster, &request.service)?;
    let arn = service.arn.clone();
    let before = service.current_service_deployment.clone();
    let named = ["cluster", "service", "taskDefinition", "desiredCount", "forceNewDeployment"];
    let change = ServiceChange {
        desired_count: request.desired_count.map(|wanted| count("desiredCount", wanted)).transpose()?,
        task_definition: request.task_definition,
        force: request.force_new_deployment.unwrap_or(false),
        settings: input::others(body, &named),
    };
    changing.world.update_service(changing.step, &arn, change)?;
    note_deployment(changing, &arn, before);
    changed(changing, &arn)
}

/// For the call log: which deployment is PRIMARY, and whether this call began it.
fn note_deployment(changing: &mut Changing<'_>, arn: &str, before: Option<String>) {
    changing.note("serviceArn", arn);
    let Some(service) = changing.world.services.get(arn) else { return };
    let primary = service.primary().map(|primary| primary.id.clone()).unwrap_or_default();
    let current = service.current_service_deployment.clone();
    changing.note("primaryDeploymentId", &primary);
    if current != before {
        changing.note("newDeploymentId", &primary);
        changing.note("newServiceDeploymentArn", &current.unwrap_or_default());
    }
}

/// DeleteService.
pub(crate) fn delete(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Delete = input::read(body)?;
    let cluster = changing.world.cluster_name(request.cluster.as_deref())?;
    let arn = changing.world.service(&cluster, &request.service)?.arn.clone();
    changing.world.delete_service(changing.step, &arn, request.force.unwrap_or(false))?;
    changing.note("serviceArn", &arn);
    changed(changing, &arn)
}

/// DescribeServices: one to ten; those that do not exist come back as failures.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Describe = input::read(body)?;
    let cluster = reading.world.cluster_name(request.cluster.as_deref())?;
    if request.services.is_empty() {
        return Err(ApiError::invalid("service names can not be empty."));
    }
    if request.services.len() > 10 {
        return Err(ApiError::invalid("service names can have at most 10 items."));
    }
    let with_tags = request.include.is_some_and(|fields| fields.iter().any(|field| field == "TAGS"));
    let mut services = Vec::new();
    let mut failures = Vec::new();
    for reference in &request.services {
        match reading.world.service(&cluster, reference) {
            Ok(service) => services.push(shapes::service(reading, service, with_tags)),
            Err(_) => {
                let name = reference.rsplit('/').next().unwrap_or(reference);
                failures.push(failure(&reading.world.arns.service(&cluster, name)));
            }
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// ListServices: those that are not deleted.
pub(crate) fn list(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: List = input::read(body)?;
    let cluster = reading.world.cluster_name(request.cluster.as_deref())?;
    let services = reading.world.services.values();
    let items = services
        .filter(|service| service.cluster == cluster && service.status == ServiceStatus::Active)
        .filter(|service| {
            request.launch_type.as_ref().is_none_or(|wanted| *wanted == shapes::launch_type(service))
        })
        .map(|service| (service.arn.clone(), json!(service.arn)))
        .collect();
    let paging = Paging { default: 10, most: 100, descending: false };
    page(paging, "serviceArns", items, request.max_results, request.next_token.as_deref())
}
