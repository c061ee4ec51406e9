//! What the model asks of the outside (effects) and what the outside tells it (reports).
//!
//! Plain data, both ways. An effect is asked for exactly once; its outcome arrives as a report, in any order,
//! or never (the process died), which `restart` repairs.

use super::Millis;

/// Something to do outside the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Resolve these image references (container name, reference) to digests for a new service revision.
    ResolveImages {
        /// The revision's ARN, to be repeated in the report.
        revision: String,
        /// Container name and image reference, as written in the task definition.
        images: Vec<(String, String)>,
    },
    /// Pull the images of a task and start its containers.
    LaunchTask {
        /// The task's ARN.
        task: String,
        /// What to run.
        containers: Vec<ContainerSpec>,
    },
    /// Stop whatever runs of a task: SIGTERM, then SIGKILL after the stop timeout.
    StopTask {
        /// The task's ARN.
        task: String,
    },
    /// Open the front port of a service.
    OpenFront {
        /// The service's ARN.
        service: String,
        /// The port wanted; 0 for any.
        port: u16,
    },
    /// Close the front port of a deleted service.
    CloseFront {
        /// The service's ARN.
        service: String,
    },
    /// Send an EventBridge event.
    Announce(DeploymentStateChange),
}

/// One container to run as a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSpec {
    /// Its name in the task definition.
    pub name: String,
    /// The reference to pull: by digest once the revision's images are resolved.
    pub image: String,
    /// The container definition's environment, in its order.
    pub environment: Vec<(String, String)>,
    /// Replaces the image's entrypoint when present.
    pub entry_point: Option<Vec<String>>,
    /// Replaces the image's command when present.
    pub command: Option<Vec<String>>,
    /// `stopTimeout` of the container definition, in seconds.
    pub stop_timeout_seconds: Option<u64>,
}

/// What a reference or a pulled image turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageDigests {
    /// The digest of the image index, when the reference named one.
    pub index: Option<String>,
    /// The digest of the platform's manifest.
    pub manifest: String,
}

/// Something that happened outside the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// An answer to [`Effect::ResolveImages`]; a reference that could not be resolved has no digest.
    ImagesResolved {
        /// The revision's ARN.
        revision: String,
        /// Container name and the digest that its reference named at that moment.
        digests: Vec<(String, Option<String>)>,
    },
    /// The images of a task are there.
    TaskPulled {
        /// The task's ARN.
        task: String,
        /// Container name and digests.
        images: Vec<(String, ImageDigests)>,
    },
    /// All containers of a task run.
    TaskStarted {
        /// The task's ARN.
        task: String,
        /// Where each container listens (container name, port on 127.0.0.1).
        ports: Vec<(String, u16)>,
    },
    /// A task could not be started: nothing of it runs.
    TaskFailedToStart {
        /// The task's ARN.
        task: String,
        /// As ECS words it, for example `CannotPullContainerError: …`.
        reason: String,
    },
    /// A container's process ended.
    ContainerExited {
        /// The task's ARN.
        task: String,
        /// Its name in the task definition.
        container: String,
        /// Exit code; 128 + signal for a process that a signal ended.
        exit_code: i32,
    },
    /// An answer to [`Effect::OpenFront`].
    FrontOpened {
        /// The service's ARN.
        service: String,
        /// The port it listens on.
        port: u16,
    },
}

/// `eventName` of an "ECS Deployment State Change" event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentEventName {
    /// Sent for new deployments and for rollbacks.
    InProgress,
    /// The service reached a steady state after a deployment.
    Completed,
    /// The circuit breaker declared the deployment failed.
    Failed,
}

/// The content of an "ECS Deployment State Change" event, without its envelope.
/// [ECS developer guide, "Amazon ECS service deployment state change events"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentStateChange {
    /// The envelope's id.
    pub id: String,
    /// `resources[0]`.
    pub service_arn: String,
    /// Which of the three.
    pub name: DeploymentEventName,
    /// `ecs-svc/…`.
    pub deployment_id: String,
    /// Envelope's time and `detail.updatedAt`.
    pub at: Millis,
    /// `detail.reason`.
    pub reason: String,
}
