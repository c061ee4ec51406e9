//! One task and its life: PROVISIONING, PENDING, RUNNING, DEACTIVATING, STOPPING, STOPPED.
//!
//! Source: "Amazon ECS task lifecycle". A task is never restarted; a service replaces it.

use serde::{Deserialize, Serialize};

use super::{ImageDigests, Millis};

/// `lastStatus` of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// Its resources are being prepared.
    Provisioning,
    /// Its images are pulled and its containers started.
    Pending,
    /// Its containers run.
    Running,
    /// Taken out of the load balancer.
    Deactivating,
    /// Its containers are being stopped.
    Stopping,
    /// Over.
    Stopped,
}

impl TaskState {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Deactivating => "DEACTIVATING",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }
}

/// A container of a task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskContainer {
    /// Its ARN.
    pub arn: String,
    /// Its name in the task definition.
    pub name: String,
    /// The reference in the task definition.
    pub image: String,
    /// Whether it is run (only essential containers are).
    pub essential: bool,
    /// What was pulled for it.
    pub digests: Option<ImageDigests>,
    /// Set once it runs.
    pub runtime_id: Option<String>,
    /// Where it listens on 127.0.0.1.
    pub port: Option<u16>,
    /// Set once it ended.
    pub exit_code: Option<i32>,
    /// Why it did not start.
    pub reason: Option<String>,
}

impl TaskContainer {
    pub(crate) fn is_alive(&self) -> bool {
        self.runtime_id.is_some() && self.exit_code.is_none()
    }
}

/// A task of a service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The ARN's last segment.
    pub id: String,
    /// Rises with every task made: the order of lists.
    pub sequence: u64,
    /// The cluster's name.
    pub cluster: String,
    /// The service's ARN.
    pub service_arn: String,
    /// The service's name.
    pub service: String,
    /// The deployment that started it: `startedBy`.
    pub deployment_id: String,
    /// The service revision it runs.
    pub revision: String,
    /// ARN of its task definition.
    pub task_definition: String,
    /// `lastStatus`.
    pub state: TaskState,
    /// `desiredStatus`: true for RUNNING.
    pub wanted: bool,
    /// Rises with every change.
    pub version: u64,
    /// Its containers, in the task definition's order.
    pub containers: Vec<TaskContainer>,
    /// Name of the container that the front port leads to.
    pub front_container: Option<String>,
    /// When the next timed step is due (leaving PROVISIONING or DEACTIVATING).
    pub due: Millis,
    /// When its containers started.
    pub spawned_at: Option<Millis>,
    /// It has been RUNNING long enough to count as healthy.
    pub steady: bool,
    /// API timestamps follow.
    pub created_at: Millis,
    /// When the pull began.
    pub pull_started_at: Option<Millis>,
    /// When the pull ended.
    pub pull_stopped_at: Option<Millis>,
    /// When it became RUNNING.
    pub started_at: Option<Millis>,
    /// When it was told to stop, or its essential container ended.
    pub stopping_at: Option<Millis>,
    /// When its containers had ended.
    pub execution_stopped_at: Option<Millis>,
    /// When it became STOPPED.
    pub stopped_at: Option<Millis>,
    /// `stopCode`.
    pub stop_code: Option<String>,
    /// `stoppedReason`.
    pub stopped_reason: Option<String>,
}

impl Task {
    /// Counts as running, and gets traffic.
    pub fn is_serving(&self) -> bool {
        self.wanted && self.state == TaskState::Running
    }

    /// Counts as pending.
    pub fn is_pending(&self) -> bool {
        self.wanted && self.state < TaskState::Running
    }

    /// Not STOPPED yet.
    pub fn is_live(&self) -> bool {
        self.state != TaskState::Stopped
    }

    /// Where the front port sends requests.
    pub fn front_target(&self) -> Option<u16> {
        let front = self.front_container.as_ref()?;
        self.containers.iter().find(|container| container.name == *front)?.port
    }

    pub(crate) fn move_to(&mut self, now: Millis, state: TaskState) {
        self.state = state;
        self.version += 1;
        if state == TaskState::Stopped {
            self.execution_stopped_at.get_or_insert(now);
            self.stopped_at = Some(now);
        }
    }

    /// Records that it shall stop; the first reason given stays.
    pub(crate) fn condemn(&mut self, now: Millis, code: &str, reason: &str) {
        self.wanted = false;
        self.version += 1;
        self.stopping_at.get_or_insert(now);
        self.stop_code.get_or_insert_with(|| code.to_owned());
        self.stopped_reason.get_or_insert_with(|| reason.to_owned());
    }

    pub(crate) fn container_mut(&mut self, name: &str) -> Option<&mut TaskContainer> {
        self.containers.iter_mut().find(|container| container.name == name)
    }
}
