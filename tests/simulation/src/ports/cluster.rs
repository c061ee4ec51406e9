//! ECS's port.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lockstep::faults::Service as Remote;
use lockstep::ports::{
    Answer, Cluster, Marks, RolloutView, ServiceRef, ServiceView, TaskDefinitionView, TaskView, UpdateAnswer,
    UpdateService,
};

use crate::services::ecs::Service;
use crate::setting;
use crate::traces::{Effect, Sender};
use crate::universe::Universe;
use crate::wire::Line;

/// The cluster.
pub(crate) struct SimCluster(pub(crate) Line);

impl SimCluster {
    async fn look<T: Send + 'static>(
        &self,
        operation: &'static str,
        service: &ServiceRef,
        look: impl FnOnce(&str, &Service) -> T + Send + 'static,
    ) -> Answer<Option<T>> {
        let name = service.service.clone();
        let asked = self.0.call(Remote::Ecs, operation, move |universe| {
            let (now, plan, dice) = (universe.now, &universe.plan, &mut universe.dice);
            let shown = universe.ecs.services.get(&name).map(|kept| kept.shown.read(now, plan, dice));
            Ok(shown.map(|shown| look(&name, &shown)))
        });
        asked.await
    }

    async fn definitions<T: Send + 'static>(
        &self,
        operation: &'static str,
        look: impl FnOnce(&[std::sync::Arc<TaskDefinitionView>]) -> T + Send + 'static,
    ) -> Answer<T> {
        let asked = self.0.call(Remote::Ecs, operation, move |universe| {
            let (now, plan, dice) = (universe.now, &universe.plan, &mut universe.dice);
            Ok(look(&universe.ecs.definitions.read(now, plan, dice)))
        });
        asked.await
    }
}

#[async_trait]
impl Cluster for SimCluster {
    async fn service(&self, service: &ServiceRef) -> Answer<Option<ServiceView>> {
        self.look("service", service, |name, service| service.view(name)).await
    }

    async fn task_definition(&self, arn: &str) -> Answer<Option<TaskDefinitionView>> {
        let arn = arn.to_owned();
        let find = move |all: &[std::sync::Arc<TaskDefinitionView>]| {
            all.iter().find(|definition| definition.arn == arn).map(|found| TaskDefinitionView::clone(found))
        };
        self.definitions("task_definition", find).await
    }

    async fn find_marked(&self, family: &str, marks: &Marks, depth: u32) -> Answer<Vec<String>> {
        let (family, marks) = (family.to_owned(), marks.clone());
        let depth = usize::try_from(depth).unwrap_or(usize::MAX);
        let find = move |all: &[std::sync::Arc<TaskDefinitionView>]| {
            let newest = all.iter().rev().filter(|definition| definition.family == family).take(depth);
            let marked = newest.filter(|d| marks.iter().all(|(key, value)| d.marks.get(key) == Some(value)));
            marked.map(|definition| definition.arn.clone()).collect()
        };
        self.definitions("find_marked", find).await
    }

    async fn register_from(&self, base: &str, image: Option<(&str, &str)>, marks: &Marks) -> Answer<String> {
        let (base, marks) = (base.to_owned(), marks.clone());
        let digest = image.and_then(|(_, image)| image.split_once('@')).map(|(_, digest)| digest.to_owned());
        let sent = self.0.call(Remote::Ecs, "register_from", move |universe| {
            let arn = universe.register(&base, digest.as_deref(), &marks)?;
            if let Some((deployment, leg)) = universe.marked_for(&arn) {
                let effect = Effect::Revision(leg.to_owned());
                universe.changed_by(deployment, effect);
            }
            Ok(arn)
        });
        sent.await
    }

    async fn deregister(&self, arn: &str) -> Answer<()> {
        let arn = arn.to_owned();
        let sent = self.0.call(Remote::Ecs, "deregister", move |universe| {
            if universe.deregister(&arn)?
                && let Some((deployment, _)) = universe.marked_for(&arn)
            {
                universe.changed_by(deployment, Effect::Retirement(arn));
            }
            Ok(())
        });
        sent.await
    }

    async fn update(&self, service: &ServiceRef, update: &UpdateService) -> Answer<UpdateAnswer> {
        let (name, update) = (service.service.clone(), update.clone());
        let sender = setting::environment_of(&name).and_then(|e| self.0.shared.lock().holder(e));
        let sent = self.0.call(Remote::Ecs, "update", move |universe| {
            let before = universe.ecs.service(&name).map(|service| service.primary().definition.clone());
            let (answer, did) = universe.update_service(&name, &update)?;
            if let Some(sender) = sender {
                if did.rollout {
                    universe.replaced_by(sender.deployment, before);
                }
                note(universe, &name, &sender, &answer, did.rollout, did.count);
            }
            Ok(answer)
        });
        sent.await
    }

    async fn rollouts(&self, service: &ServiceRef, since: Timestamp) -> Answer<Vec<RolloutView>> {
        // The adapter's own allowance for a clock that is ahead of ECS's.
        let since = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
        let listed = self.look("rollouts", service, move |_, service| {
            let newest_first = service.rollouts.iter().rev();
            newest_first.filter(|rollout| rollout.created_at >= since).cloned().collect()
        });
        Ok(listed.await?.unwrap_or_default())
    }

    async fn tasks(&self, service: &ServiceRef) -> Answer<Vec<TaskView>> {
        Ok(self.look("tasks", service, |_, service| service.task_views()).await?.unwrap_or_default())
    }
}

/// Notes who changed a service: the deployment that a rolled-out revision is marked for, if it is the sender's
/// own, else the sender.
fn note(
    universe: &mut Universe,
    name: &str,
    sender: &Sender,
    answer: &UpdateAnswer,
    rollout: bool,
    count: bool,
) {
    if !rollout && !count {
        return;
    }
    // A call that was sent for one holder's revision is that holder's, whoever holds the lock by now.
    let restoring = sender.state.starts_with("rolling-back/");
    let marked = universe.marked_for(&answer.task_definition).map(|(deployment, _)| deployment);
    let deployment = marked.filter(|_| rollout && !restoring).unwrap_or(sender.deployment);
    universe.traces.touched.insert(deployment);
    if rollout {
        if setting::environment_of(name) == Some(setting::PRODUCTION)
            && let (Some(digest), Ok(production)) =
                (universe.ecs.digest_of(&answer.task_definition), setting::PRODUCTION.parse())
        {
            let digest = digest.to_owned();
            universe.traces.in_production.push((production, digest));
        }
        let effect = Effect::Rollout(answer.task_definition.clone(), sender.state.clone());
        universe.changed_by(deployment, effect);
    } else {
        universe.changed_by(deployment, Effect::Count(sender.state.clone()));
    }
}
