//! What callers change: definitions registered and deregistered, services updated. Must never forget who a
//! revision is marked for.

use std::sync::Arc;

use lockstep::faults::{Fault, FaultKind, Service as Remote};
use lockstep::ports::{
    Answer, ContainerView, Marks, RolloutState, RolloutStatus, RolloutView, TaskDefinitionView, UpdateAnswer,
    UpdateService,
};

use super::{CONTAINER, Kept, Rollout, Run, Service, Task, digest_of};
use crate::sabotage::Sabotage;
use crate::services::Lagging;
use crate::universe::Universe;

/// What an update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Did {
    pub(crate) rollout: bool,
    pub(crate) count: bool,
}

impl Universe {
    /// A service that has long been running a definition of its own.
    pub(crate) fn create_service(&mut self, name: &str, digest: Option<&str>) {
        let arn = format!("{name}:1");
        let image = digest.map_or("127.0.0.1:1/acme/database:16".to_owned(), image);
        let container = if digest.is_some() { CONTAINER } else { "database" };
        let definition = TaskDefinitionView {
            arn: arn.clone(),
            family: name.to_owned(),
            active: true,
            containers: vec![ContainerView { name: container.to_owned(), image }],
            marks: Marks::new(),
        };
        let lag = self.plan.lag;
        self.ecs.definitions.change(self.now, lag, |all| all.push(Arc::new(definition)));
        let number = self.ecs.number();
        let task =
            Task { number, definition: arn.as_str().into(), digest: digest.map(Into::into), stopped: None };
        let primary = Rollout {
            id: format!("ecs-svc/{number}"),
            definition: arn.clone(),
            primary: true,
            state: RolloutState::Completed,
        };
        let service = Service {
            database: digest.is_none(),
            desired: 1,
            deployments: vec![primary],
            rollouts: Vec::new(),
            tasks: vec![task],
        };
        let kept = Kept {
            shown: Lagging::new(service),
            generation: 0,
            completed: arn.clone(),
            runs: vec![Run { definition: arn, until: None }],
            strangers: Vec::new(),
        };
        self.ecs.services.insert(name.to_owned(), kept);
    }

    /// Registers the next revision of a family.
    pub(crate) fn register(&mut self, base: &str, digest: Option<&str>, marks: &Marks) -> Answer<String> {
        let Some(base) = self.ecs.definition(base).cloned() else {
            return Err(refused("RegisterTaskDefinition", format!("there is no {base}")));
        };
        let mut new = TaskDefinitionView::clone(&base);
        let number = 1 + self.ecs.definitions.now().iter().filter(|d| d.family == new.family).count();
        new.arn = format!("{}:{number}", new.family);
        new.active = true;
        new.marks.extend(marks.clone());
        if let Some(digest) = digest {
            new.containers = vec![ContainerView { name: CONTAINER.to_owned(), image: image(digest) }];
        }
        let arn = new.arn.clone();
        let (now, lag) = (self.now, self.plan.lag);
        self.ecs.definitions.change(now, lag, |all| all.push(Arc::new(new)));
        self.note(format_args!("registered {arn}"));
        self.changed = true;
        Ok(arn)
    }

    /// Makes a revision INACTIVE; whether it was not.
    pub(crate) fn deregister(&mut self, arn: &str) -> Answer<bool> {
        let Some(definition) = self.ecs.definition(arn) else {
            return Err(refused("DeregisterTaskDefinition", format!("there is no {arn}")));
        };
        if !definition.active {
            return Ok(false);
        }
        let (now, lag) = (self.now, self.plan.lag);
        self.ecs.definitions.change(now, lag, |all| {
            let all = all.iter_mut().filter(|definition| definition.arn == arn);
            all.for_each(|definition| Arc::make_mut(definition).active = false);
        });
        self.note(format_args!("{arn} is INACTIVE"));
        self.changed = true;
        Ok(true)
    }

    /// Updates a service, unforced.
    pub(crate) fn update_service(
        &mut self,
        name: &str,
        wanted: &UpdateService,
    ) -> Answer<(UpdateAnswer, Did)> {
        let Some(service) = self.ecs.service(name) else {
            return Err(refused("UpdateService", format!("there is no service {name}")));
        };
        let primary = service.primary().definition.clone();
        let definition = wanted.task_definition.clone().unwrap_or_else(|| primary.clone());
        if !self.ecs.definition(&definition).is_some_and(|definition| definition.active) {
            return Err(refused("UpdateService", format!("{definition} is not ACTIVE")));
        }
        let count = wanted.desired.is_some_and(|desired| desired != service.desired);
        let forced = self.plan.is_sabotaged(Sabotage::UpdatesForced) && wanted.task_definition.is_some();
        let rollout = forced || definition != primary;
        if let Some(desired) = wanted.desired.filter(|_| count) {
            self.note(format_args!("{name} is to run {desired} task(s)"));
            self.change_service(name, |service| service.desired = desired);
        }
        if rollout {
            self.start_rollout(name, &definition);
        } else if count {
            let soon = self.dice.seconds(2.0, 25.0);
            let name = name.to_owned();
            self.after(soon, move |universe| universe.scale(&name));
        }
        let primary = self.ecs.service(name).map(|service| service.primary().id.clone()).unwrap_or_default();
        Ok((UpdateAnswer { primary, task_definition: definition }, Did { rollout, count }))
    }

    fn start_rollout(&mut self, name: &str, definition: &str) {
        let (number, time) = (self.ecs.number(), self.time());
        self.note(format_args!("{name} rolls out {definition} as ecs-svc/{number}"));
        self.counts.one("rollouts");
        self.change_service(name, |service| {
            for rollout in &mut service.rollouts {
                if matches!(rollout.status, RolloutStatus::InProgress | RolloutStatus::RollbackInProgress) {
                    rollout.status = RolloutStatus::Stopped;
                }
            }
            service.deployments.iter_mut().for_each(|deployment| deployment.primary = false);
            let primary = Rollout {
                id: format!("ecs-svc/{number}"),
                definition: definition.to_owned(),
                primary: true,
                state: RolloutState::InProgress,
            };
            service.deployments.insert(0, primary);
            service.rollouts.push(RolloutView {
                arn: format!("service-deployment/{number}"),
                status: RolloutStatus::InProgress,
                status_reason: String::new(),
                task_definition: definition.to_owned(),
                created_at: time,
                rollback: None,
                failure_count: 0,
                threshold: 3,
            });
        });
        self.begin_progress(name, definition);
    }

    /// Takes the marks off a revision that somebody else made from one of ours.
    pub(crate) fn forget_marks(&mut self, arn: &str) {
        let (now, lag) = (self.now, self.plan.lag);
        self.ecs.definitions.change(now, lag, |all| {
            let all = all.iter_mut().filter(|definition| definition.arn == arn);
            all.for_each(|definition| Arc::make_mut(definition).marks.clear());
        });
    }

    /// The deployment and the leg that a revision is marked for.
    pub(crate) fn marked_for(&self, arn: &str) -> Option<(lockstep_events::DeploymentId, &str)> {
        let marks = &self.ecs.definition(arn)?.marks;
        Some((marks.get("lockstep:deployment")?.parse().ok()?, marks.get("lockstep:leg")?.as_str()))
    }

    /// The digest that a definition runs, as a text.
    pub(super) fn digest(&self, definition: &str) -> Option<String> {
        digest_of(self.ecs.definition(definition)?).map(str::to_owned)
    }
}

fn image(digest: &str) -> String {
    format!("{}@{digest}", crate::services::registry::REPOSITORY)
}

fn refused(operation: &'static str, message: String) -> Fault {
    Fault::new(Remote::Ecs, operation, FaultKind::Refused, message)
}
