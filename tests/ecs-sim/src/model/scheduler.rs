//! Which tasks to start and which to stop, within minimumHealthyPercent and maximumPercent.
//!
//! Source: "Deployment configuration" of rolling updates. Never goes above the maximum; never below the minimum
//! by its own doing (a crash may).

use super::events::task_list;
use super::task_definition::{is_essential, spec_of, text};
use super::{
    Deployment, DeploymentStatus, Effect, RevisionImage, Service, Step, Task, TaskContainer, TaskDefinition,
    TaskState, World,
};

/// What a service's tasks look like to the scheduler.
struct Census {
    /// Tasks of the PRIMARY that shall run.
    primary: Vec<(String, TaskState)>,
    /// How many of those are healthy: RUNNING for long enough, as a load balancer's health checks demand.
    healthy: usize,
    /// Tasks of older deployments that shall run.
    older: Vec<(String, TaskState)>,
    /// Tasks that shall not run but are not STOPPED yet.
    stopping: usize,
}

impl World {
    /// Starts and stops tasks of one service.
    pub(crate) fn schedule(&mut self, step: Step<'_>, service: &mut Service) {
        let Some(primary) = service.primary().cloned() else { return };
        if primary.frozen {
            self.scale_down_frozen(step, service, &primary);
            return;
        }
        let doomed = self.surplus(service, &primary);
        self.stop_all(step, service, &primary, doomed);
        self.start_missing(step, service, &primary);
    }

    /// A deployment that was given up still obeys a lower desired count: its own tasks go first.
    fn scale_down_frozen(&mut self, step: Step<'_>, service: &mut Service, primary: &Deployment) {
        let Census { primary: own, older, .. } = self.census(service, primary);
        let surplus = (own.len() + older.len()).saturating_sub(service.desired_count as usize);
        let doomed = own.into_iter().rev().chain(older.into_iter().rev()).take(surplus).collect();
        self.stop_all(step, service, primary, doomed);
    }

    fn census(&self, service: &Service, primary: &Deployment) -> Census {
        let mut census = Census { primary: Vec::new(), healthy: 0, older: Vec::new(), stopping: 0 };
        let mut live: Vec<&Task> = self.tasks_of(&service.arn).filter(|task| task.is_live()).collect();
        live.sort_by_key(|task| task.sequence);
        for task in live {
            let entry = (task.arn.clone(), task.state);
            if !task.wanted {
                census.stopping += 1;
            } else if task.deployment_id == primary.id {
                census.healthy += usize::from(task.is_serving() && task.steady);
                census.primary.push(entry);
            } else {
                census.older.push(entry);
            }
        }
        census
    }

    /// The tasks that can go without too few being left.
    fn surplus(&self, service: &Service, primary: &Deployment) -> Vec<(String, TaskState)> {
        let census = self.census(service, primary);
        let desired = service.desired_count as usize;
        let mut doomed: Vec<(String, TaskState)> = Vec::new();
        // Newest first: what has run longest stays.
        doomed
            .extend(census.primary.iter().rev().take(census.primary.len().saturating_sub(desired)).cloned());

        // Older tasks were healthy once: each that runs counts until it is replaced by one that is.
        let older = census.older.iter().filter(|(_, state)| *state == TaskState::Running).count();
        let healthy = (census.healthy + older).saturating_sub(doomed.len());
        let mut spare = healthy.saturating_sub(service.rules().fewest(service.desired_count) as usize);
        for (task, state) in census.older {
            if state != TaskState::Running {
                doomed.push((task, state));
            } else if spare > 0 {
                spare -= 1;
                doomed.push((task, state));
            }
        }
        doomed
    }

    fn stop_all(
        &mut self,
        step: Step<'_>,
        service: &mut Service,
        primary: &Deployment,
        doomed: Vec<(String, TaskState)>,
    ) {
        if doomed.is_empty() {
            return;
        }
        service.steady = false;
        let mut stopped = (Vec::new(), 0_usize);
        for (task, state) in doomed {
            if state == TaskState::Running {
                stopped.0.extend(self.tasks.get(&task).map(|task| task.id.clone()));
            } else {
                stopped.1 += 1;
            }
            let reason = format!("Scaling activity initiated by (deployment {})", primary.id);
            self.stop_task(step, &task, "ServiceSchedulerInitiated", &reason);
        }
        let (running, pending) = stopped;
        if !running.is_empty() {
            let text = format!("has stopped {} running tasks: {}.", running.len(), task_list(&running));
            service.note(&mut self.ids, step.now, &text);
        }
        if pending > 0 {
            service.note(&mut self.ids, step.now, &format!("stopped {pending} pending tasks."));
        }
    }

    fn start_missing(&mut self, step: Step<'_>, service: &mut Service, primary: &Deployment) {
        let resolved = self.revisions.get(&primary.revision).is_some_and(|revision| revision.resolved);
        if !resolved || step.now < primary.next_launch_at {
            return;
        }
        let census = self.census(service, primary);
        let missing = (service.desired_count as usize).saturating_sub(census.primary.len());
        let mut present = census.primary.len() + census.older.len();
        if step.knobs.stopping_tasks_fill_maximum {
            present += census.stopping;
        }
        let room = (service.rules().most(service.desired_count) as usize).saturating_sub(present);
        let Some(definition) = self.task_definitions.get(&primary.task_definition).cloned() else { return };
        let mut started = Vec::new();
        for _ in 0..missing.min(room) {
            started.push(self.create_task(step, service, primary, &definition));
        }
        if !started.is_empty() {
            service.steady = false;
            let text = format!("has started {} tasks: {}.", started.len(), task_list(&started));
            service.note(&mut self.ids, step.now, &text);
        }
    }

    fn create_task(
        &mut self,
        step: Step<'_>,
        service: &Service,
        by: &Deployment,
        definition: &TaskDefinition,
    ) -> String {
        let id = self.ids.hex();
        let arn = self.arns.task(&service.cluster, &id);
        let mut containers = Vec::new();
        for container in definition.containers() {
            let container_id = self.ids.uuid();
            containers.push(TaskContainer {
                arn: self.arns.container(&service.cluster, &id, &container_id),
                name: text(container, "name"),
                image: text(container, "image"),
                essential: is_essential(container),
                digests: None,
                runtime_id: None,
                port: None,
                exit_code: None,
                reason: None,
            });
        }
        let run = || definition.containers().filter(|container| is_essential(container));
        let front = run().find(|container| container.contains_key("portMappings")).or_else(|| run().next());
        let task = Task {
            arn: arn.clone(),
            id: id.clone(),
            sequence: self.next_sequence(),
            cluster: service.cluster.clone(),
            service_arn: service.arn.clone(),
            service: service.name.clone(),
            deployment_id: by.id.clone(),
            revision: by.revision.clone(),
            task_definition: definition.arn.clone(),
            state: TaskState::Provisioning,
            wanted: true,
            version: 1,
            containers,
            front_container: front.map(|container| text(container, "name")),
            due: step.now + step.timing.provisioning(),
            spawned_at: None,
            steady: false,
            created_at: step.now,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
        };
        self.tasks.insert(arn, task);
        id
    }

    /// Asks for a task's containers to be started.
    pub(crate) fn launch_task(&mut self, arn: &str) {
        let Some(task) = self.tasks.get(arn) else { return };
        let images =
            self.revisions.get(&task.revision).map(|revision| revision.images.as_slice()).unwrap_or_default();
        let definition = self.task_definitions.get(&task.task_definition);
        let containers = definition
            .into_iter()
            .flat_map(TaskDefinition::containers)
            .filter(|container| is_essential(container))
            .map(|container| {
                let name = text(container, "name");
                let pinned = images.iter().find(|image| image.container == name).map(RevisionImage::pinned);
                spec_of(container, pinned.unwrap_or_else(|| text(container, "image")))
            })
            .collect();
        self.effects.push(Effect::LaunchTask { task: arn.to_owned(), containers });
    }

    /// Takes a task out of service, by way of DEACTIVATING if it had traffic.
    pub(crate) fn stop_task(&mut self, step: Step<'_>, arn: &str, code: &str, reason: &str) {
        let Some(task) = self.tasks.get_mut(arn) else { return };
        if !task.is_live() || !task.wanted {
            return;
        }
        task.condemn(step.now, code, reason);
        match task.state {
            TaskState::Provisioning => task.move_to(step.now, TaskState::Stopped),
            TaskState::Running => {
                task.move_to(step.now, TaskState::Deactivating);
                task.due = step.now + step.timing.drain();
            }
            TaskState::Pending => {
                task.move_to(step.now, TaskState::Stopping);
                self.effects.push(Effect::StopTask { task: arn.to_owned() });
            }
            TaskState::Deactivating | TaskState::Stopping | TaskState::Stopped => {}
        }
    }

    /// Whether any task of a deployment is not STOPPED.
    pub(crate) fn has_live_tasks(&self, service: &Service, deployment: &Deployment) -> bool {
        self.tasks_of(&service.arn).any(|task| task.deployment_id == deployment.id && task.is_live())
    }

    /// Whether any deployment other than the PRIMARY still has tasks.
    pub(crate) fn has_older_tasks(&self, service: &Service) -> bool {
        let older =
            service.deployments.iter().filter(|deployment| deployment.status != DeploymentStatus::Primary);
        older.into_iter().any(|deployment| self.has_live_tasks(service, deployment))
    }
}
