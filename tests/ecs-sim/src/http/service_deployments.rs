//! The actions on service deployments.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::{Changing, Reading};
use super::input;
use super::paging::{Paging, page};
use super::shapes::{self, failure};
use crate::model::{ApiError, Millis, ServiceDeployment, ServiceDeploymentStatus, StopType};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    cluster: Option<String>,
    service: String,
    status: Option<Vec<String>>,
    created_at: Option<CreatedAt>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// Seconds since the epoch, with a fraction.
#[derive(Deserialize)]
struct CreatedAt {
    before: Option<f64>,
    after: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Describe {
    service_deployment_arns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stop {
    service_deployment_arn: String,
    stop_type: Option<String>,
}

/// Whether a service deployment is old enough to be known to readers.
fn is_listed(reading: &Reading<'_>, record: &ServiceDeployment) -> bool {
    reading.step.now >= record.created_at + reading.step.knobs.service_deployment_listing_lag_ms
}

/// ListServiceDeployments: newest first.
pub(crate) fn list(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: List = input::read(body)?;
    let cluster = reading.world.cluster_name(request.cluster.as_deref())?;
    let service = reading.world.service(&cluster, &request.service)?;
    let wanted: Option<Vec<ServiceDeploymentStatus>> = request
        .status
        .filter(|list| !list.is_empty())
        .map(|list| list.into_iter().map(|status| parse_status(&status)).collect())
        .transpose()?;
    let in_time = |at: Millis| {
        let seconds = shapes::seconds(at);
        let range = request.created_at.as_ref();
        range.and_then(|range| range.before).is_none_or(|before| seconds < before)
            && range.and_then(|range| range.after).is_none_or(|after| seconds > after)
    };
    let records = reading.world.service_deployments.values();
    let items = records
        .filter(|record| {
            record.service_arn == service.arn && is_listed(reading, record) && in_time(record.created_at)
        })
        .filter(|record| wanted.as_ref().is_none_or(|wanted| wanted.contains(&record.status)))
        .map(|record| (format!("{:020}", record.sequence), shapes::service_deployment_brief(record)))
        .collect();
    let paging = Paging { default: 20, most: 100, descending: true };
    page(paging, "serviceDeployments", items, request.max_results, request.next_token.as_deref())
}

fn parse_status(text: &str) -> Result<ServiceDeploymentStatus, ApiError> {
    serde_json::from_value(json!(text)).map_err(|_| ApiError::invalid(format!("Invalid status: {text}")))
}

/// DescribeServiceDeployments: one to twenty.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Describe = input::read(body)?;
    let arns = request.service_deployment_arns;
    if arns.is_empty() || arns.len() > 20 {
        return Err(ApiError::invalid("serviceDeploymentArns must have between 1 and 20 items."));
    }
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for arn in arns {
        match reading.world.service_deployments.get(&arn).filter(|record| is_listed(reading, record)) {
            Some(record) => found.push(shapes::service_deployment(record)),
            None => failures.push(failure(&arn)),
        }
    }
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}

/// StopServiceDeployment.
pub(crate) fn stop(changing: &mut Changing<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: Stop = input::read(body)?;
    let stop = match request.stop_type.as_deref() {
        None | Some("ROLLBACK") => StopType::Rollback,
        Some("ABORT") => StopType::Abort,
        Some(other) => return Err(ApiError::invalid(format!("Invalid stopType: {other}"))),
    };
    changing.world.stop_service_deployment(changing.step, &request.service_deployment_arn, stop)?;
    changing.note("serviceDeploymentArn", &request.service_deployment_arn);
    Ok(json!({ "serviceDeploymentArn": request.service_deployment_arn }))
}
