//! The errors that ECS answers with, as data.
//!
//! Kinds, HTTP statuses and (where one is known) the texts are those of the ECS API reference, "Common Errors"
//! and the errors of each action. How they look on the wire is `http::wire`'s business.

/// One refused call. `kind` is what goes into `__type`; the message is for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct ApiError {
    /// The shape's name, for example `ServiceNotFoundException`.
    pub kind: &'static str,
    /// What the caller reads.
    pub message: String,
    /// HTTP status: 400 for everything that is the caller's, 5xx for the rest.
    pub status: u16,
}

impl ApiError {
    fn caller(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: 400 }
    }

    /// The request cannot be done as written; also used for limits.
    pub fn client(message: impl Into<String>) -> Self {
        Self::caller("ClientException", message)
    }

    /// A parameter is missing, malformed or out of range.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::caller("InvalidParameterException", message)
    }

    /// No such cluster.
    pub fn cluster_not_found() -> Self {
        Self::caller("ClusterNotFoundException", "Cluster not found.")
    }

    /// No such service in that cluster.
    pub fn service_not_found() -> Self {
        Self::caller("ServiceNotFoundException", "Service not found.")
    }

    /// The service was deleted.
    pub fn service_not_active() -> Self {
        Self::caller("ServiceNotActiveException", "Service was not ACTIVE.")
    }

    /// No such service deployment.
    pub fn service_deployment_not_found() -> Self {
        Self::caller("ServiceDeploymentNotFoundException", "Service deployment not found.")
    }

    /// The resource's state does not allow the call.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::caller("ConflictException", message)
    }

    /// A tagged resource does not exist.
    pub fn resource_not_found(arn: &str) -> Self {
        Self::caller("ResourceNotFoundException", format!("The specified resource {arn} was not found."))
    }

    /// An action that this simulator (or ECS) does not have.
    pub fn unknown_operation(target: &str) -> Self {
        Self::caller("UnknownOperationException", format!("The operation {target} is not known."))
    }

    /// A body that is not the JSON the action takes.
    pub fn serialization(message: impl Into<String>) -> Self {
        Self::caller("SerializationException", message)
    }

    /// The caller is over the rate limit. [`ThrottlingException`, HTTP 400: ECS API reference, Common Errors]
    pub fn throttled() -> Self {
        Self::caller("ThrottlingException", "Rate exceeded")
    }

    /// A failure on the service's side.
    pub fn server(status: u16) -> Self {
        let kind = if status == 503 { "ServiceUnavailableException" } else { "ServerException" };
        Self { kind, message: "Service Unavailable. Please try again later.".to_owned(), status }
    }
}
