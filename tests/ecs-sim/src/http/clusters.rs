//! DescribeClusters.

use serde::Deserialize;
use serde_json::{Value, json};

use super::dispatch::Reading;
use super::input;
use super::shapes::{self, failure};
use crate::model::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeClusters {
    clusters: Option<Vec<String>>,
}

/// DescribeClusters; without names, the one called `default`.
pub(crate) fn describe(reading: &Reading<'_>, body: &Value) -> Result<Value, ApiError> {
    let request: DescribeClusters = input::read(body)?;
    let names =
        request.clusters.filter(|names| !names.is_empty()).unwrap_or_else(|| vec!["default".to_owned()]);
    let mut found = Vec::new();
    let mut failures = Vec::new();
    for reference in names {
        match reading.world.cluster_name(Some(&reference)) {
            Ok(name) => found.push(shapes::cluster(reading.world, &name)),
            Err(_) => {
                let name = reference.rsplit('/').next().unwrap_or(&reference).to_owned();
                failures.push(failure(&reading.world.arns.cluster(&name)));
            }
        }
    }
    Ok(json!({ "clusters": found, "failures": failures }))
}
