//! What time does to rollouts: tasks start and stop, the rollout completes, or its circuit breaker trips and goes
//! back. Every deed is for one rollout, and void once another one has begun.

use std::time::Duration;

use lockstep::ports::{RolloutRollback, RolloutState, RolloutStatus};
use lockstep_events::EcsDeploymentEventName;

use super::{Rollout, Service, Task};
use crate::services::registry::Nature;
use crate::universe::Universe;

impl Universe {
    /// Lets a rollout that has just been made PRIMARY go its way.
    pub(super) fn begin_progress(&mut self, name: &str, definition: &str) {
        let Some(kept) = self.ecs.services.get_mut(name) else { return };
        kept.generation += 1;
        let (generation, database) = (kept.generation, kept.shown.now().database);
        let nature = match self.digest(definition) {
            Some(digest) => self.images.image(&digest).map_or(Nature::Hangs, |image| image.nature),
            None if self.is_troubled() && self.dice.lucky(0.03) => Nature::Hangs,
            None => Nature::Good,
        };
        match nature {
            Nature::Good | Nature::NeverReady => {
                let up = self.dice.seconds(2.0, 25.0);
                let done = up + self.dice.seconds(3.0, 60.0);
                if database {
                    // Stop before start.
                    self.later(name, generation, up / 2, Self::stop_old_tasks);
                }
                self.later(name, generation, up, Self::start_tasks);
                self.later(name, generation, done, Self::complete);
            }
            Nature::Crashes => {
                let trips = self.dice.seconds(20.0, 300.0);
                self.later(name, generation, trips, Self::trip);
            }
            Nature::Hangs => {}
        }
        self.hint(name, EcsDeploymentEventName::InProgress);
    }

    fn later(&mut self, name: &str, generation: u64, wait: Duration, deed: fn(&mut Self, &str)) {
        let name = name.to_owned();
        self.after(wait, move |universe| {
            let kept = universe.ecs.services.get(&name);
            if kept.is_some_and(|kept| kept.generation == generation) {
                deed(universe, &name);
            }
        });
    }

    fn start_tasks(&mut self, name: &str) {
        let Some(service) = self.ecs.service(name) else { return };
        let definition = service.primary().definition.clone();
        let (desired, digest) = (service.desired, self.digest(&definition));
        let first = self.ecs.number();
        self.ecs.numbered += u64::from(desired);
        self.change_service(name, |service| {
            let there = u32::try_from(service.running(&definition)).unwrap_or(u32::MAX);
            let missing = u64::from(desired.saturating_sub(there));
            service.tasks.extend((0..missing).map(|place| Task {
                number: first + place,
                definition: definition.as_str().into(),
                digest: digest.as_deref().map(Into::into),
                stopped: None,
            }));
        });
    }

    fn stop_old_tasks(&mut self, name: &str) {
        let now = self.now;
        self.change_service(name, |service| {
            let primary = service.primary().definition.clone();
            stop(service, now, |task| *task.definition != *primary);
        });
    }

    fn complete(&mut self, name: &str) {
        self.stop_old_tasks(name);
        let definition = self.change_service(name, |service| {
            service.deployments.truncate(1);
            let primary = &mut service.deployments[0];
            primary.state = RolloutState::Completed;
            let rollout = service.rollouts.last_mut();
            if let Some(rollout) = rollout.filter(|rollout| rollout.task_definition == primary.definition) {
                rollout.status = RolloutStatus::Successful;
            }
            primary.definition.clone()
        });
        let Some(definition) = definition else { return };
        self.note(format_args!("{name} has rolled out {definition}"));
        if let Some(kept) = self.ecs.services.get_mut(name) {
            kept.completed = definition;
        }
        self.hint(name, EcsDeploymentEventName::Completed);
    }

    /// The circuit breaker trips: back to what completed last, under a new id or the old one.
    fn trip(&mut self, name: &str) {
        let number = self.ecs.number();
        let Some(kept) = self.ecs.services.get_mut(name) else { return };
        kept.generation += 1;
        let (generation, old) = (kept.generation, kept.completed.clone());
        let reuse = self.plan.breaker_reuses_id;
        self.hint(name, EcsDeploymentEventName::Failed);
        self.note(format_args!("{name}'s circuit breaker goes back to {old}"));
        self.counts.one("breakers tripped");
        self.change_service(name, |service| {
            let earlier = service.deployments.iter().find(|d| d.definition == old).map(|d| d.id.clone());
            let id = earlier.filter(|_| reuse).unwrap_or_else(|| format!("ecs-svc/{number}"));
            let mut ours = service.deployments.remove(0);
            ours.primary = false;
            ours.state = RolloutState::Failed;
            let definition = old.clone();
            let back = Rollout { id, definition, primary: true, state: RolloutState::InProgress };
            service.deployments = vec![back, ours];
            if let Some(rollout) = service.rollouts.last_mut() {
                rollout.status = RolloutStatus::RollbackInProgress;
                rollout.failure_count = 3;
                rollout.rollback = Some(RolloutRollback { reason: "tasks failed to start".to_owned() });
            }
        });
        let (up, done) = (self.dice.seconds(2.0, 20.0), self.dice.seconds(21.0, 60.0));
        self.later(name, generation, up, Self::start_tasks);
        self.later(name, generation, done, Self::gone_back);
        self.hint(name, EcsDeploymentEventName::InProgress);
    }

    fn gone_back(&mut self, name: &str) {
        self.stop_old_tasks(name);
        self.change_service(name, |service| {
            service.deployments.truncate(1);
            service.deployments[0].state = RolloutState::Completed;
            if let Some(rollout) = service.rollouts.last_mut() {
                rollout.status = RolloutStatus::RollbackSuccessful;
            }
        });
        self.note(format_args!("{name} has gone back"));
        self.hint(name, EcsDeploymentEventName::Completed);
    }

    /// Brings the number of tasks to what is desired, when no rollout does.
    pub(super) fn scale(&mut self, name: &str) {
        let Some(service) = self.ecs.service(name) else { return };
        let settled = service.primary().state == RolloutState::Completed;
        let now = self.now;
        if service.desired == 0 {
            self.change_service(name, |service| stop(service, now, |_| true));
            self.note(format_args!("{name} runs no task"));
        } else if settled {
            self.start_tasks(name);
        }
    }

    /// EventBridge tells of what became of the PRIMARY, perhaps.
    fn hint(&mut self, name: &str, event: EcsDeploymentEventName) {
        let Some(rollout) = self.ecs.service(name).map(|service| service.primary().id.clone()) else {
            return;
        };
        if self.is_troubled() && self.dice.lucky(0.5) {
            return;
        }
        let body = super::view::hint(name, rollout, event, self.time());
        let late = self.dice.seconds(0.1, 20.0);
        self.send_message(&body, late);
    }
}

fn stop(service: &mut Service, now: Duration, which: impl Fn(&Task) -> bool) {
    let stopping = service.tasks.iter_mut().filter(|task| task.stopped.is_none() && which(task));
    stopping.for_each(|task| task.stopped = Some(now));
}
