//! What runs tasks. The simulator's model decides; a launcher does.
//!
//! A launcher never decides whether, when or how often something runs.

mod image;
mod leftovers;
mod paths;
mod process;
mod supervise;

use std::path::PathBuf;

use tokio::sync::mpsc::UnboundedSender;

use crate::model::{ContainerSpec, Report};

pub use process::ProcessLauncher;

/// Where a launcher says what happened. Reports to a simulator that is gone are dropped.
#[derive(Debug, Clone)]
pub struct Reports(UnboundedSender<Report>);

impl Reports {
    pub(crate) fn new(sender: UnboundedSender<Report>) -> Self {
        Self(sender)
    }

    /// Hands in a report.
    pub fn send(&self, report: Report) {
        // The receiver only goes away when the simulator is shut down.
        let _ = self.0.send(report);
    }
}

/// Runs tasks. The calls return at once; outcomes arrive through [`Reports`].
///
/// The contract: every `resolve` is answered by one `ImagesResolved`. Every `launch` is answered by either one
/// `TaskFailedToStart`, or one `TaskStarted` and later one `ContainerExited` for each of its containers. A `stop`
/// hastens that; it is never an error.
pub trait Launcher: Send + Sync + 'static {
    /// Resolves image references (container name, reference) to digests.
    fn resolve(&self, revision: String, images: Vec<(String, String)>, reports: Reports);

    /// Pulls and starts the containers of a task.
    fn launch(&self, task_arn: String, containers: Vec<ContainerSpec>, reports: Reports);

    /// Stops a task's containers: SIGTERM, then SIGKILL.
    fn stop(&self, task_arn: &str);

    /// Kills everything at once, without waiting: for when the simulator is dropped.
    fn kill_all(&self);

    /// How many containers run.
    fn running(&self) -> usize;

    /// Where a container's output goes.
    fn log_file(&self, task_id: &str, container: &str) -> Option<PathBuf>;
}
