//! The whole simulated account: every cluster, service, task and record, and the effects not yet taken.
//!
//! Serialisable as it is: that is the state file's content.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ids::IdSource;
use super::{Arns, Effect, Millis, Service, ServiceDeployment, ServiceRevision, Task, TaskDefinition};
use crate::knobs::Knobs;
use crate::timing::Timing;

/// What every step of the model is told: the time, and the behaviour that was chosen.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// The time.
    pub now: Millis,
    /// How long things take.
    pub timing: &'a Timing,
    /// Which of several documented or suspected behaviours to show.
    pub knobs: &'a Knobs,
}

/// The simulated account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// How its ARNs are built.
    pub arns: Arns,
    pub(crate) ids: IdSource,
    sequence: u64,
    /// Names of the clusters.
    pub clusters: BTreeSet<String>,
    /// Highest revision by family, also of families with INACTIVE revisions only.
    pub(crate) last_revisions: BTreeMap<String, u32>,
    /// By ARN.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
    /// By ARN.
    pub services: BTreeMap<String, Service>,
    /// By ARN; stopped ones stay for the retention time.
    pub tasks: BTreeMap<String, Task>,
    /// By ARN; kept for ever (AWS: 90 days).
    pub service_deployments: BTreeMap<String, ServiceDeployment>,
    /// By ARN.
    pub revisions: BTreeMap<String, ServiceRevision>,
    #[serde(skip)]
    pub(crate) effects: Vec<Effect>,
}

impl World {
    /// An empty account. Different seeds give different ids.
    pub fn new(arns: Arns, seed: u64) -> Self {
        Self {
            arns,
            ids: IdSource::new(seed),
            sequence: 0,
            clusters: BTreeSet::new(),
            last_revisions: BTreeMap::new(),
            task_definitions: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            service_deployments: BTreeMap::new(),
            revisions: BTreeMap::new(),
            effects: Vec::new(),
        }
    }

    /// The effects asked for since the last call. Whoever drives the model carries out each of them once.
    #[must_use = "an effect that is dropped never happens"]
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// The tasks of a service, stopped ones included, oldest ARN order.
    pub fn tasks_of<'a>(&'a self, service_arn: &'a str) -> impl Iterator<Item = &'a Task> + 'a {
        self.tasks.values().filter(move |task| task.service_arn == service_arn)
    }

    /// The ports of a service's tasks that get traffic, oldest task first.
    pub fn front_targets(&self, service_arn: &str) -> Vec<u16> {
        let mut serving: Vec<&Task> = self.tasks_of(service_arn).filter(|task| task.is_serving()).collect();
        serving.sort_by_key(|task| task.sequence);
        serving.into_iter().filter_map(Task::front_target).collect()
    }

    /// Works on one service with the rest of the world at hand. Does nothing when there is no such service.
    pub(crate) fn with_service<T>(
        &mut self,
        arn: &str,
        work: impl FnOnce(&mut Self, &mut Service) -> T,
    ) -> Option<T> {
        let mut service = self.services.remove(arn)?;
        let result = work(self, &mut service);
        self.services.insert(arn.to_owned(), service);
        Some(result)
    }
}
