//! ECS: services, their rollouts and tasks, task definitions. Time moves them on by deeds in the calendar; a
//! rollout's circuit breaker goes back to what last completed. Must never start a rollout for an unforced update
//! to what is PRIMARY already, and never roll out what is INACTIVE.

mod progress;
mod update;
mod view;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockstep::ports::{RolloutView, TaskDefinitionView};

use super::Lagging;
use crate::universe::Universe;

/// The container that is deployed.
pub(crate) const CONTAINER: &str = "app";

/// A service's deployment, as in `deployments[]`.
#[derive(Debug, Clone)]
pub(crate) struct Rollout {
    pub(crate) id: String,
    pub(crate) definition: String,
    pub(crate) primary: bool,
    pub(crate) state: lockstep::ports::RolloutState,
}

/// A task that runs or has stopped.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) number: u64,
    pub(crate) definition: Arc<str>,
    /// The digest of its image, `None` for a database's.
    pub(crate) digest: Option<Arc<str>>,
    pub(crate) stopped: Option<Duration>,
}

/// What readers of a service are shown.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) database: bool,
    pub(crate) desired: u32,
    /// The PRIMARY first.
    pub(crate) deployments: Vec<Rollout>,
    /// Oldest first.
    pub(crate) rollouts: Vec<RolloutView>,
    pub(crate) tasks: Vec<Task>,
}

impl Service {
    pub(crate) fn primary(&self) -> &Rollout {
        &self.deployments[0]
    }

    /// Tasks of a definition that run.
    fn running(&self, definition: &str) -> usize {
        self.tasks.iter().filter(|t| t.stopped.is_none() && &*t.definition == definition).count()
    }

    /// Tasks that run.
    pub(crate) fn alive(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.stopped.is_none())
    }

    /// Whether it runs its PRIMARY and nothing else, as many tasks as it should, at least one.
    fn is_settled(&self) -> bool {
        let primary = self.primary();
        primary.state == lockstep::ports::RolloutState::Completed
            && self.desired > 0
            && self.alive().count() == usize::try_from(self.desired).unwrap_or(usize::MAX)
            && self.alive().all(|task| *task.definition == *primary.definition)
    }
}

/// A time during which a service ran one definition and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) definition: String,
    /// When it ended, if it has.
    pub(crate) until: Option<Duration>,
}

/// A service with what only ECS knows of it.
pub(crate) struct Kept {
    pub(crate) shown: Lagging<Service>,
    /// Which rollout is under way: deeds for another one are void.
    generation: u64,
    /// What the circuit breaker goes back to.
    completed: String,
    /// When it truly ran what.
    pub(crate) runs: Vec<Run>,
    /// When somebody else changed it.
    pub(crate) strangers: Vec<Duration>,
}

/// The cluster.
#[derive(Default)]
pub(crate) struct Ecs {
    pub(crate) definitions: Lagging<Vec<Arc<TaskDefinitionView>>>,
    pub(crate) services: BTreeMap<String, Kept>,
    numbered: u64,
}

impl Ecs {
    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    pub(crate) fn service(&self, name: &str) -> Option<&Service> {
        self.services.get(name).map(|kept| kept.shown.now())
    }

    pub(crate) fn definition(&self, arn: &str) -> Option<&Arc<TaskDefinitionView>> {
        self.definitions.now().iter().find(|definition| definition.arn == arn)
    }

    /// The digest that a definition's deployed container pins.
    pub(crate) fn digest_of(&self, arn: &str) -> Option<&str> {
        digest_of(self.definition(arn)?)
    }
}

fn digest_of(definition: &TaskDefinitionView) -> Option<&str> {
    let container = definition.containers.iter().find(|container| container.name == CONTAINER)?;
    container.image.split_once('@').map(|(_, digest)| digest)
}

impl Universe {
    /// Changes a service: readers may see it later, the truth is noted now.
    fn change_service<R>(&mut self, name: &str, change: impl FnOnce(&mut Service) -> R) -> Option<R> {
        let (now, lag) = (self.now, self.plan.lag);
        let kept = self.ecs.services.get_mut(name)?;
        let result = kept.shown.change(now, lag, |service| {
            let result = change(service);
            // ECS lists stopped tasks for a while only.
            let old = now.saturating_sub(Duration::from_mins(10));
            service.tasks.retain(|task| task.stopped.is_none_or(|at| at > old));
            result
        });
        let service = kept.shown.now();
        let runs = service.is_settled().then(|| service.primary().definition.clone());
        match kept.runs.last_mut().filter(|run| run.until.is_none()) {
            Some(run) if Some(&run.definition) == runs.as_ref() => {}
            Some(run) => {
                run.until = Some(now);
                kept.runs.extend(runs.map(|definition| Run { definition, until: None }));
            }
            None => kept.runs.extend(runs.map(|definition| Run { definition, until: None })),
        }
        self.changed = true;
        Some(result)
    }
}
