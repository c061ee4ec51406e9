//! ECS of a rehearsal: reads what is really there, and only notes which revisions it is asked to register and which
//! services to update. A revision that is only noted has a name that ECS would never give one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use super::journal::{Change, Difference, Journal, in_words, or_none};
use super::refused;
use crate::faults::{Fault, FaultKind, Service};
use crate::ports::{
    Answer, Cluster, DeploymentView, Marks, RolloutState, RolloutView, ServiceRef, ServiceView,
    TaskDefinitionView, TaskView, UpdateAnswer, UpdateService,
};

/// Real ECS, behind glass.
pub(super) struct PlannedCluster {
    real: Arc<dyn Cluster>,
    journal: Arc<Journal>,
    /// What each service would be told by now: task definition and number of tasks.
    told: Mutex<BTreeMap<String, (String, u32)>>,
}

impl PlannedCluster {
    pub(super) fn new(real: Arc<dyn Cluster>, journal: Arc<Journal>) -> Self {
        Self { real, journal, told: Mutex::default() }
    }

    /// What a service would have been told before, or is told now.
    async fn standing(&self, service: &ServiceRef) -> Answer<(String, u32)> {
        let key = format!("{}/{}", service.cluster, service.service);
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(told) = told {
            return Ok(told);
        }
        let view = self.journal.met(self.real.service(service).await)?;
        let view = view.ok_or_else(|| not_found("DescribeServices", &service.service))?;
        let primary = view.primary().map(|primary| primary.task_definition.clone());
        Ok((primary.unwrap_or_default(), view.desired))
    }
}

#[async_trait]
impl Cluster for PlannedCluster {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>> {
        let found = self.real.service(service).await;
        let what = format!("service {} in cluster {}", service.service, service.cluster);
        self.journal.looked(what, found, |found| or_none(found.as_ref(), in_a_line))
    }

    async fn task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>> {
        let found = self.real.task_definition(arn).await;
        self.journal.looked(format!("task definition {arn}"), found, |found| {
            or_none(found.as_ref(), |definition| {
                let active = if definition.active { "ACTIVE" } else { "INACTIVE" };
                let names: Vec<_> = definition.containers.iter().map(|c| c.name.as_str()).collect();
                format!("{active}, containers: {}", names.join(", "))
            })
        })
    }

    async fn find_marked(&self, _: &str, _: &Marks, _: u32) -> Answer<Vec<String>> {
        // Looked for by whoever resumes: what is rehearsed has registered none.
        Ok(Vec::new())
    }

    async fn register_from(&self, base: &str, image: Option<(&str, &str)>, marks: &Marks) -> Answer<String> {
        let found = self.journal.met(self.real.task_definition(base).await)?;
        let found = found.ok_or_else(|| not_found("DescribeTaskDefinition", base))?;
        let leg = marks.get("lockstep:leg").map_or("new", String::as_str);
        let revision = format!("{}:({leg})", found.family);
        let image = image.map(|(container, image)| Difference {
            member: format!("image of container {container}"),
            from: found.containers.iter().find(|c| c.name == container).map(|c| c.image.clone()),
            to: in_words(image),
        });
        let marks = marks.iter().map(|(key, value)| Difference {
            member: format!("tag {key}"),
            from: found.marks.get(key).cloned(),
            to: value.clone(),
        });
        let differences = image.into_iter().chain(marks).collect();
        let base = base.to_owned();
        self.journal.would(Change::RegisterRevision { revision: revision.clone(), base, differences });
        Ok(revision)
    }

    async fn deregister(&self, _: &str) -> Answer<()> {
        Err(refused(Service::Ecs, "DeregisterTaskDefinition"))
    }

    async fn update(&self, service: &ServiceRef, update: &UpdateService) -> Answer<UpdateAnswer> {
        let (definition, desired) = self.standing(service).await?;
        let next = update.task_definition.clone().unwrap_or_else(|| definition.clone());
        let number = update.desired.unwrap_or(desired);
        let key = format!("{}/{}", service.cluster, service.service);
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (next.clone(), number));
        self.journal.would(Change::UpdateService {
            cluster: service.cluster.clone(),
            service: service.service.clone(),
            task_definition: (definition != next).then(|| (definition, next.clone())),
            desired: update.desired.map(|number| (desired, number)),
        });
        Ok(UpdateAnswer { primary: format!("the rollout of {next}"), task_definition: next })
    }

    async fn rollouts(&self, _: &ServiceRef, _: Timestamp) -> Answer<Vec<RolloutView>> {
        // Likewise: it has started none, and on the way forward nobody else's are asked for.
        Ok(Vec::new())
    }

    async fn tasks(&self, _: &ServiceRef) -> Answer<Vec<TaskView>> {
        Err(refused(Service::Ecs, "ListTasks"))
    }
}

fn in_a_line(view: &ServiceView) -> String {
    let primary = |primary: &DeploymentView| {
        let rollout = match primary.rollout {
            RolloutState::InProgress => "IN_PROGRESS",
            RolloutState::Completed => "COMPLETED",
            RolloutState::Failed => "FAILED",
        };
        format!("on {} ({rollout})", primary.task_definition)
    };
    let breaker = match (view.circuit_breaker.enable, view.circuit_breaker.rollback) {
        (true, true) => "circuit breaker with rollback",
        (true, false) => "circuit breaker without rollback",
        (false, _) => "no circuit breaker",
    };
    format!(
        "{}, {} of {} task(s) run, {}, {breaker}",
        view.status,
        view.running,
        view.desired,
        view.primary().map_or_else(|| "no PRIMARY".to_owned(), primary)
    )
}

fn not_found(operation: &'static str, what: &str) -> Fault {
    Fault::new(Service::Ecs, operation, FaultKind::NotFound, format!("{what} is gone"))
}
