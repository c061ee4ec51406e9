//! What a simulator is started with.
//!
//! Data only; nothing is checked here beyond what the types say.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::Value;

use crate::knobs::Knobs;
use crate::timing::Timing;

/// What to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API listens. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the state is kept across restarts; none keeps it in memory only.
    pub state_file: Option<PathBuf>,
    /// For unpacked images, working directories and logs of tasks. Made if it does not exist. Processes that run
    /// below it are taken for left-over tasks of an earlier run and killed at start.
    pub work_dir: PathBuf,
    /// For example `us-east-1`.
    pub region: String,
    /// Twelve digits.
    pub account_id: String,
    /// What there is from the start. Applied only as far as it is not in the state file already.
    pub seed: Vec<ClusterSeed>,
    /// The switches at start; never stored.
    pub knobs: Knobs,
    /// How long things take.
    pub timing: Timing,
    /// Where EventBridge events go.
    pub events: Option<SqsTarget>,
}

/// A cluster that exists from the start.
#[derive(Debug, Clone)]
pub struct ClusterSeed {
    /// Its name.
    pub name: String,
    /// Its services.
    pub services: Vec<ServiceSeed>,
}

/// A service that exists from the start.
#[derive(Debug, Clone)]
pub struct ServiceSeed {
    /// Its name.
    pub name: String,
    /// The body of RegisterTaskDefinition (with `tags` if wanted).
    pub task_definition: Value,
    /// How many tasks.
    pub desired_count: u32,
    /// `deploymentConfiguration` as in CreateService; null for ECS's defaults.
    pub deployment_configuration: Value,
    /// The port in front of its tasks on 127.0.0.1; 0 for any free one (which it then keeps).
    pub front_port: u16,
    /// What became of its first deployment.
    pub initial: Initial,
}

/// What became of a seeded service's first deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// It is COMPLETED from the start: a rollback has somewhere to go.
    Completed,
    /// It starts IN_PROGRESS like any other.
    NeverCompleted,
}

/// The queue that an EventBridge rule would deliver to.
#[derive(Debug, Clone)]
pub struct SqsTarget {
    /// The endpoint of the SQS API.
    pub endpoint: String,
    /// The queue's URL.
    pub url: String,
    /// The queue's region.
    pub region: String,
}
