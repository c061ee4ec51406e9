//! After the simulator itself was gone: its processes are dead, its records are not.
//!
//! As ECS does when an instance is lost: the tasks are STOPPED, and the scheduler replaces them. Such a loss is
//! nobody's failed task.

use super::{Effect, ServiceStatus, Step, TaskState, World};

impl World {
    /// Marks every task that was alive as stopped, and asks again for what was asked for and never answered.
    pub fn recover(&mut self, step: Step<'_>) {
        for task in self.tasks.values_mut().filter(|task| task.is_live()) {
            task.condemn(step.now, "TerminationNotice", "Host was lost: the simulator was restarted.");
            task.move_to(step.now, TaskState::Stopped);
        }
        let unresolved: Vec<String> = self
            .revisions
            .values()
            .filter(|revision| !revision.resolved)
            .map(|revision| revision.arn.clone())
            .collect();
        for revision in unresolved {
            self.ask_for_digests(&revision);
        }
        for service in self.services.values_mut().filter(|service| service.status == ServiceStatus::Active) {
            service.steady = false;
            let port = service.front_port.unwrap_or(service.wanted_front_port);
            self.effects.push(Effect::OpenFront { service: service.arn.clone(), port });
        }
    }
}
