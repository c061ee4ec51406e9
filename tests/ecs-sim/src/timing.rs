//! How long things take in the simulation. Real ECS takes seconds to minutes; the defaults suit a laptop.
//!
//! Durations only: nothing here waits.

use std::time::Duration;

use crate::model::Millis;

/// How long each step of a task's and a service's life takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// PROVISIONING, before the images are pulled.
    pub provisioning: Duration,
    /// How long a task's processes must live before it is RUNNING.
    pub start_grace: Duration,
    /// How long a task must be RUNNING to count as healthy: before that its exit is a failed task.
    pub steady: Duration,
    /// DEACTIVATING: out of the load balancer, before SIGTERM.
    pub drain: Duration,
    /// Between SIGTERM and SIGKILL (`stopTimeout` of a container definition has precedence).
    pub stop_timeout: Duration,
    /// Before a lost task is replaced; doubles with every further loss.
    pub relaunch: Duration,
    /// How often the simulator looks what is due.
    pub tick: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            provisioning: Duration::from_millis(50),
            start_grace: Duration::from_millis(300),
            steady: Duration::from_millis(300),
            drain: Duration::from_millis(150),
            stop_timeout: Duration::from_secs(5),
            relaunch: Duration::from_millis(50),
            tick: Duration::from_millis(25),
        }
    }
}

/// Durations here are chosen by people: none is near the limit.
fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 4)
}

impl Timing {
    pub(crate) fn provisioning(&self) -> Millis {
        millis(self.provisioning)
    }

    pub(crate) fn start_grace(&self) -> Millis {
        millis(self.start_grace)
    }

    pub(crate) fn steady(&self) -> Millis {
        millis(self.steady)
    }

    pub(crate) fn drain(&self) -> Millis {
        millis(self.drain)
    }

    pub(crate) fn relaunch(&self) -> Millis {
        millis(self.relaunch)
    }
}
