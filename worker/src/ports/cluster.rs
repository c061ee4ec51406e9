//! Amazon ECS, as far as a deployment needs it: task definitions, services, rollouts and tasks.
//!
//! Every read may lag behind writes for some seconds; no caller takes "not listed" for "did not happen".

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::Answer;

/// Tags of a task definition by which Lockstep recognises its own revisions.
pub type Marks = BTreeMap<String, String>;

/// Which service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServiceRef {
    /// The cluster's name or ARN.
    pub cluster: String,
    /// The service's name.
    pub service: String,
}

/// A service as DescribeServices shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceView {
    /// The service's ARN.
    pub arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// How many tasks it should run.
    pub desired: u32,
    /// How many it runs.
    pub running: u32,
    /// How many are starting.
    pub pending: u32,
    /// Its deployments, the PRIMARY first.
    pub deployments: Vec<DeploymentView>,
    /// The newest events, newest first (at most 20).
    pub events: Vec<ServiceEvent>,
    /// Its circuit breaker.
    pub circuit_breaker: CircuitBreaker,
    /// The percentage of the desired tasks that must stay running during a rollout (ECS's default is 100).
    pub minimum_healthy_percent: u32,
    /// The percentage of the desired tasks that may run at once during a rollout (ECS's default is 200).
    pub maximum_percent: u32,
}

impl ServiceView {
    /// The PRIMARY deployment; every service has one but in the moment it is created.
    #[must_use]
    pub fn primary(&self) -> Option<&DeploymentView> {
        self.deployments.iter().find(|d| d.status == DeploymentStatus::Primary)
    }
}

/// The deployment circuit breaker's settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// Whether it is on.
    pub enable: bool,
    /// Whether it rolls back when it trips.
    pub rollback: bool,
}

/// One of a service's `deployments[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentView {
    /// `ecs-svc/` and digits.
    pub id: String,
    /// PRIMARY, ACTIVE or INACTIVE.
    pub status: DeploymentStatus,
    /// The task definition's ARN.
    pub task_definition: String,
    /// How the rollout goes.
    pub rollout: RolloutState,
    /// ECS's words for it.
    pub rollout_reason: String,
    /// How many tasks it should run.
    pub desired: u32,
    /// How many it runs.
    pub running: u32,
    /// How many are starting.
    pub pending: u32,
}

/// Which of a service's deployments this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentStatus {
    /// The newest.
    Primary,
    /// An older one that still has tasks.
    Active,
    /// An older one without tasks.
    Inactive,
}

/// `rolloutState` of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutState {
    /// IN_PROGRESS, also when ECS does not say.
    InProgress,
    /// COMPLETED
    Completed,
    /// FAILED
    Failed,
}

/// One of a service's `events[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEvent {
    /// ECS's words.
    pub message: String,
}

/// A task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDefinitionView {
    /// Its full ARN, revision included.
    pub arn: String,
    /// Its family.
    pub family: String,
    /// Whether it is ACTIVE; an INACTIVE one cannot be deployed.
    pub active: bool,
    /// Its containers.
    pub containers: Vec<ContainerView>,
    /// Its tags.
    pub marks: Marks,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerView {
    /// Its name.
    pub name: String,
    /// Its image reference.
    pub image: String,
}

/// A service deployment (ListServiceDeployments): one rollout with its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutView {
    /// The service deployment's ARN.
    pub arn: String,
    /// How it goes or went.
    pub status: RolloutStatus,
    /// ECS's words for it.
    pub status_reason: String,
    /// The task definition that it rolls out (through its target service revision).
    pub task_definition: String,
    /// When it was created, by ECS's clock.
    pub created_at: Timestamp,
    /// Its rollback, if there was one.
    pub rollback: Option<RolloutRollback>,
    /// The circuit breaker's failure count.
    pub failure_count: u32,
    /// The circuit breaker's threshold.
    pub threshold: u32,
}

/// The rollback of a service deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutRollback {
    /// ECS's words for why.
    pub reason: String,
}

/// The status of a service deployment. Only `Successful` is success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutStatus {
    /// PENDING
    Pending,
    /// IN_PROGRESS
    InProgress,
    /// SUCCESSFUL
    Successful,
    /// STOP_REQUESTED
    StopRequested,
    /// STOPPED
    Stopped,
    /// ROLLBACK_REQUESTED
    RollbackRequested,
    /// ROLLBACK_IN_PROGRESS
    RollbackInProgress,
    /// ROLLBACK_SUCCESSFUL
    RollbackSuccessful,
    /// ROLLBACK_FAILED
    RollbackFailed,
    /// A status that AWS added later; treated as still under way.
    Other(String),
}

/// A task, running or lately stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Its ARN.
    pub arn: String,
    /// `lastStatus`, such as RUNNING or STOPPED.
    pub status: String,
    /// The task definition's ARN.
    pub task_definition: String,
    /// Its containers.
    pub containers: Vec<TaskContainer>,
    /// ECS's code for why it stopped.
    pub stop_code: Option<String>,
    /// ECS's words for why it stopped.
    pub stopped_reason: Option<String>,
    /// When it stopped.
    pub stopped_at: Option<Timestamp>,
}

/// A container of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskContainer {
    /// Its name.
    pub name: String,
    /// The digest that really runs, if ECS tells.
    pub image_digest: Option<String>,
    /// Its exit code, once it has one.
    pub exit_code: Option<i32>,
    /// ECS's words about it, such as a pull error.
    pub reason: Option<String>,
}

/// What to change of a service; `None` leaves as it is. Never a forced new deployment: ECS has no client
/// token for it, so a repeat would deploy twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpdateService {
    /// The task definition to roll out.
    pub task_definition: Option<String>,
    /// How many tasks to run.
    pub desired: Option<u32>,
}

/// What UpdateService answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateAnswer {
    /// The id of the deployment that is PRIMARY now; the same id as before means that none was started.
    pub primary: String,
    /// The task definition that PRIMARY rolls out.
    pub task_definition: String,
}

/// Drives ECS. The adapter never repeats a call by itself.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// A service; `None` when there is none (or it is INACTIVE).
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>>;

    /// A task definition by ARN or `family:revision`; `None` when there is none.
    async fn task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>>;

    /// The ARNs of the family's revisions that carry all these marks, ACTIVE and INACTIVE, newest first.
    /// Looks at the newest `depth` revisions of each status.
    async fn find_marked(&self, family: &str, marks: &Marks, depth: u32) -> Answer<Vec<String>>;

    /// Registers the next revision of `base`'s family: everything as in `base`, tags included, but the
    /// named container's image (when given) and these marks added. Returns the ARN. NOT idempotent: find
    /// it by its marks.
    async fn register_from(&self, base: &str, image: Option<(&str, &str)>, marks: &Marks) -> Answer<String>;

    /// Makes a revision INACTIVE. Converges.
    async fn deregister(&self, arn: &str) -> Answer<()>;

    /// Updates a service. Converges for the same input (unforced).
    async fn update(&self, service: &ServiceRef, update: &UpdateService) -> Answer<UpdateAnswer>;

    /// The service's rollouts created at or after `since` (minus a minute, since that is ECS's clock),
    /// newest first, in every status.
    async fn rollouts(&self, service: &ServiceRef, since: Timestamp) -> Answer<Vec<RolloutView>>;

    /// The service's tasks: all that run or start, and the stopped ones that ECS still lists.
    async fn tasks(&self, service: &ServiceRef) -> Answer<Vec<TaskView>>;
}
