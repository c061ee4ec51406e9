//! What happened outside, applied: images resolved, tasks started, processes ended.
//!
//! A report about something that is no longer known changes nothing.

use super::{Effect, Report, RolloutState, Step, Task, TaskState, World};

/// The longest wait before another start is the first one times two to this power.
const BACK_OFF_DOUBLINGS: u32 = 5;

/// How far a task had come when it was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    BeforeRunning,
    BeforeSteady,
    Later,
}

impl World {
    /// Applies one report.
    pub fn report(&mut self, step: Step<'_>, report: Report) {
        match report {
            Report::ImagesResolved { revision, digests } => {
                if let Some(revision) = self.revisions.get_mut(&revision) {
                    for (container, digest) in digests {
                        for image in revision.images.iter_mut().filter(|image| image.container == container) {
                            image.digest.clone_from(&digest);
                        }
                    }
                    revision.resolved = true;
                }
            }
            Report::TaskPulled { task, images } => {
                let Some(task) = self.tasks.get_mut(&task) else { return };
                task.pull_stopped_at = Some(step.now);
                task.version += 1;
                for (name, digests) in images {
                    if let Some(container) = task.container_mut(&name) {
                        container.digests = Some(digests);
                    }
                }
            }
            Report::TaskStarted { task, ports } => self.task_started(step, &task, &ports),
            Report::TaskFailedToStart { task, reason } => self.task_failed_to_start(step, &task, &reason),
            Report::ContainerExited { task, container, exit_code } => {
                self.container_exited(step, &task, &container, exit_code);
            }
            Report::FrontOpened { service, port } => {
                if let Some(service) = self.services.get_mut(&service) {
                    service.front_port = Some(port);
                }
            }
        }
    }

    fn task_started(&mut self, step: Step<'_>, arn: &str, ports: &[(String, u16)]) {
        let Some(task) = self.tasks.get_mut(arn) else { return };
        task.spawned_at = Some(step.now);
        task.version += 1;
        for (name, port) in ports {
            let runtime_id = format!("{}-{}", task.id, self.ids.hex().split_at(10).0);
            if let Some(container) = task.container_mut(name) {
                container.runtime_id = Some(runtime_id);
                container.port = Some(*port);
            }
        }
    }

    fn task_failed_to_start(&mut self, step: Step<'_>, arn: &str, reason: &str) {
        let Some(task) = self.tasks.get_mut(arn) else { return };
        if !task.is_live() {
            return;
        }
        let surprised = task.wanted;
        task.condemn(step.now, "TaskFailedToStart", reason);
        for container in task.containers.iter_mut().filter(|container| container.essential) {
            container.reason.get_or_insert_with(|| reason.to_owned());
        }
        task.move_to(step.now, TaskState::Stopped);
        if surprised {
            let task = task.clone();
            self.count_loss(step, &task, Lost::BeforeRunning);
        }
    }

    fn container_exited(&mut self, step: Step<'_>, arn: &str, name: &str, exit_code: i32) {
        let Some(task) = self.tasks.get_mut(arn) else { return };
        if let Some(container) = task.container_mut(name) {
            container.exit_code = Some(exit_code);
        }
        task.version += 1;
        if !task.is_live() {
            return;
        }
        let surprised = task.wanted;
        let lost = match (task.state >= TaskState::Running, task.steady) {
            (false, _) => Lost::BeforeRunning,
            (true, false) => Lost::BeforeSteady,
            (true, true) => Lost::Later,
        };
        let others_run = task.containers.iter().any(super::TaskContainer::is_alive);
        task.condemn(step.now, "EssentialContainerExited", "Essential container in task exited");
        if !others_run {
            task.move_to(step.now, TaskState::Stopped);
        } else if surprised {
            task.move_to(step.now, TaskState::Stopping);
            self.effects.push(Effect::StopTask { task: arn.to_owned() });
        }
        if surprised && let Some(task) = self.tasks.get(arn).cloned() {
            self.count_loss(step, &task, lost);
        }
    }

    /// Counts a task that was lost without being told to stop, and delays its replacement.
    fn count_loss(&mut self, step: Step<'_>, task: &Task, lost: Lost) {
        let failed = match lost {
            Lost::BeforeRunning => true,
            Lost::BeforeSteady => step.knobs.breaker_counts_crashes_after_start,
            Lost::Later => false,
        };
        self.with_service(&task.service_arn, |world, service| {
            service.steady = false;
            let Some(deployment) =
                service.deployments.iter_mut().find(|deployment| deployment.id == task.deployment_id)
            else {
                return;
            };
            let doublings = deployment.losses.min(BACK_OFF_DOUBLINGS);
            deployment.losses += 1;
            deployment.next_launch_at = step.now + (step.timing.relaunch() << doublings);
            deployment.updated_at = step.now;
            let counts = failed && deployment.rollout == RolloutState::InProgress;
            if counts {
                deployment.failed_tasks += 1;
            }
            let deployment = deployment.clone();
            world.refresh_service_deployment(service, &deployment);
            if doublings == 2 {
                service.note(&mut world.ids, step.now, "is unable to consistently start tasks successfully.");
            }
        });
    }
}
