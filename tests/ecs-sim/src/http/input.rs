//! Reading a request's body.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::model::ApiError;

/// Reads the members that an action knows; others are ignored, as the service does.
///
/// # Errors
/// `SerializationException` when a member has the wrong type or a required one is missing.
pub(crate) fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ApiError> {
    serde_json::from_value(body.clone()).map_err(|error| ApiError::serialization(error.to_string()))
}

/// The members of a request other than the named ones; nulls are left out.
pub(crate) fn others(body: &Value, named: &[&str]) -> Map<String, Value> {
    let members = body.as_object().into_iter().flatten();
    members
        .filter(|(key, value)| !named.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Reads a count: ECS's integers are signed, counts are not.
///
/// # Errors
/// `InvalidParameterException` when it is negative.
pub(crate) fn count(name: &str, value: i64) -> Result<u32, ApiError> {
    u32::try_from(value)
        .map_err(|_| ApiError::invalid(format!("{name} must be between 0 and {}, not {value}.", u32::MAX)))
}
