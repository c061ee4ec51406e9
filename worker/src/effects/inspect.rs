//! Looks at the environment before anything is changed: can it be deployed to, where would a rollback go,
//! and has somebody else changed it since Lockstep left it (protocol rule 4). Reads only; a repeat reads
//! again. A foreign or late change is named, never hidden.

use lockstep_events::ImageDigest;
use lockstep_state_machines::{HealthyRelease, Inspection, InspectionOutcome, Kind, Refusal, RefusalCode};

use super::tags::LATEST;
use super::{EffectError, Scene, seen};
use crate::faults::FaultKind;
use crate::ports::{DeploymentView, EnvironmentRecord, RolloutState, ServiceRef, ServiceView};

pub(super) async fn inspect(
    digest: Option<&ImageDigest>,
    scene: &Scene<'_>,
) -> Result<InspectionOutcome, EffectError> {
    let place = scene.place;
    let service = place.service();
    let (view, primary) = match look(&service, scene).await? {
        Ok(found) => found,
        Err(message) => return Ok(unfit(message)),
    };
    if let Some(message) = container_problem(&primary.task_definition, scene).await? {
        return Ok(unfit(message));
    }
    let database_base = match place.database() {
        None => None,
        Some(database) => match look(&database, scene).await? {
            Ok((view, primary)) => match database_problem(&view, &database.service) {
                None => Some(primary.task_definition),
                Some(message) => return Ok(unfit(message)),
            },
            Err(message) => return Ok(unfit(message)),
        },
    };
    let environment =
        seen(scene.world.store.environment(place.application_name, place.environment_name).await)?;
    let record = environment.record;
    let mut findings = foreign_changes(&record, &primary);
    if !(view.circuit_breaker.enable && view.circuit_breaker.rollback) {
        findings.push(format!(
            "the deployment circuit breaker of {} is not on with rollback: a bad rollout is noticed by its deadline only",
            service.service
        ));
    }
    let desired = if view.desired > 0 {
        view.desired
    } else {
        let desired = record.desired.unwrap_or(place.environment.desired_count);
        findings.push(format!("{} stood at zero tasks; it will run {desired}", service.service));
        desired
    };
    let latest = if scene.deployment().plan.kind == Kind::Production {
        let latest = seen(place.application.registry.resolve(LATEST).await)?;
        findings.extend(moved_latest(&record, latest.as_ref()));
        latest
    } else {
        None
    };
    let previous = match &record.last_healthy {
        None => None,
        Some(release) => match usable(release, scene).await? {
            Ok(()) => Some(release.clone()),
            Err(finding) => {
                findings.push(finding);
                None
            }
        },
    };
    let already_running = (scene.deployment().plan.kind == Kind::Production)
        .then_some(previous.as_ref())
        .flatten()
        .filter(|release| Some(&release.digest) == digest && runs(release, &view, &primary))
        .map(|release| release.task_definition.clone());
    Ok(InspectionOutcome::Fit(Box::new(Inspection {
        base: primary.task_definition,
        database_base,
        desired,
        previous,
        already_running,
        latest,
        findings,
    })))
}

fn unfit(message: String) -> InspectionOutcome {
    InspectionOutcome::Unfit(Refusal { code: RefusalCode::ServiceUnfit, message })
}

async fn look(
    service: &ServiceRef,
    scene: &Scene<'_>,
) -> Result<Result<(ServiceView, DeploymentView), String>, EffectError> {
    let found = match scene.world.cluster.service(service).await {
        // A cluster that does not exist is a fault to ECS, not a missing service.
        Err(fault) if fault.kind == FaultKind::NotFound => None,
        answer => seen(answer)?,
    };
    let Some(view) = found else {
        return Ok(Err(format!(
            "ECS has no active service {} in cluster {}: create it, or correct the configuration",
            service.service, service.cluster
        )));
    };
    let primary = view.primary().cloned();
    Ok(primary.map(|primary| (view, primary)).ok_or_else(|| {
        format!(
            "the ECS service {} has no PRIMARY deployment: give it a task definition first",
            service.service
        )
    }))
}

/// A database is replaced by stopping it and starting it afresh (protocol rule 12): two of them must never run
/// side by side, and one that runs no task is never up for the application to migrate.
fn database_problem(view: &ServiceView, service: &str) -> Option<String> {
    let percents = (view.minimum_healthy_percent, view.maximum_percent);
    if percents != (0, 100) {
        return Some(format!(
            "the database service {service} has a minimum of {} % and a maximum of {} % healthy tasks, expected \
             0 % and 100 %: only so does ECS stop the old database before it starts the new one; set \
             minimumHealthyPercent and maximumPercent of its deployment configuration",
            percents.0, percents.1
        ));
    }
    (view.desired == 0).then(|| {
        format!(
            "the database service {service} has a desired count of 0, expected at least 1: without a task there \
             is no database to reset and to migrate; set its desired count"
        )
    })
}

/// The named container must be there, and no other may run the same image repository: its digest could not
/// be told from the deployed one's (protocol rule 18).
async fn container_problem(arn: &str, scene: &Scene<'_>) -> Result<Option<String>, EffectError> {
    let name = &scene.place.environment.container;
    let repository = canonical(scene.place.application.registry.repository());
    let Some(definition) = seen(scene.world.cluster.task_definition(arn).await)? else {
        return Ok(Some(format!("the service runs {arn}, which ECS does not know: register it again")));
    };
    if !definition.containers.iter().any(|container| &container.name == name) {
        let names: Vec<_> = definition.containers.iter().map(|c| c.name.as_str()).collect();
        return Ok(Some(format!(
            "{arn} has no container {name:?}, only {}: correct `container` in the configuration",
            names.join(", ")
        )));
    }
    let sibling = definition.containers.iter().find(|container| {
        let rest = canonical(&container.image).strip_prefix(repository);
        &container.name != name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
    });
    Ok(sibling.map(|sibling| {
        format!(
            "container {:?} of {arn} runs an image of {repository} too: move it to a repository of its own",
            sibling.name
        )
    }))
}

/// An image reference without the parts that Docker Hub lets a task definition leave out.
fn canonical(image: &str) -> &str {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    image.strip_prefix("library/").unwrap_or(image)
}

fn foreign_changes(record: &EnvironmentRecord, primary: &DeploymentView) -> Vec<String> {
    let mut findings = Vec::new();
    if let Some(why) = &record.dirty {
        findings.push(format!("the deployment before left the environment unverified: {why}"));
    }
    if let Some(current) = &record.current
        && current.task_definition != primary.task_definition
    {
        findings.push(format!(
            "the service runs {}, but Lockstep left it on {} ({}): somebody else changed it",
            primary.task_definition, current.task_definition, current.image_tag
        ));
    }
    if let (None, Some(last)) = (&record.current, &record.last_healthy)
        && last.task_definition != primary.task_definition
    {
        findings.push(format!(
            "the service runs {}; the last healthy release {} was {}",
            primary.task_definition, last.image_tag, last.task_definition
        ));
    }
    if primary.rollout == RolloutState::InProgress {
        findings.push(format!(
            "a rollout of {} that this deployment did not start is under way ({})",
            primary.task_definition, primary.id
        ));
    }
    findings
}

fn moved_latest(record: &EnvironmentRecord, latest: Option<&ImageDigest>) -> Option<String> {
    let last = record.last_healthy.as_ref()?;
    match latest {
        Some(found) if *found == last.digest => None,
        Some(found) => Some(format!(
            "image tag {LATEST} names {found}, not the last healthy release {} ({}): somebody moved it",
            last.image_tag, last.digest
        )),
        None => Some(format!("image tag {LATEST} is gone")),
    }
}

async fn usable(release: &HealthyRelease, scene: &Scene<'_>) -> Result<Result<(), String>, EffectError> {
    let definition = seen(scene.world.cluster.task_definition(&release.task_definition).await)?;
    let active = definition.is_some_and(|definition| definition.active);
    Ok(if active {
        Ok(())
    } else {
        Err(format!(
            "{} of the last healthy release {} is not ACTIVE any more: there is nothing to roll back to",
            release.task_definition, release.image_tag
        ))
    })
}

fn runs(release: &HealthyRelease, view: &ServiceView, primary: &DeploymentView) -> bool {
    primary.task_definition == release.task_definition
        && primary.rollout == RolloutState::Completed
        && view.deployments.len() == 1
        && view.desired > 0
        && view.running == view.desired
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CircuitBreaker, DeploymentStatus};

    fn database(minimum_healthy_percent: u32, maximum_percent: u32, desired: u32) -> ServiceView {
        ServiceView {
            arn: "service".to_owned(),
            status: "ACTIVE".to_owned(),
            desired,
            running: desired,
            pending: 0,
            deployments: Vec::new(),
            events: Vec::new(),
            circuit_breaker: CircuitBreaker::default(),
            minimum_healthy_percent,
            maximum_percent,
        }
    }

    #[test]
    fn a_database_that_stops_before_it_starts_is_fit() {
        assert_eq!(database_problem(&database(0, 100, 1), "db"), None);
    }

    #[test]
    fn a_database_that_could_run_twice_or_block_its_own_replacement_is_unfit() {
        for (minimum, maximum) in [(100, 200), (0, 200), (50, 100), (100, 100)] {
            let message = database_problem(&database(minimum, maximum, 1), "db").unwrap();
            let found = format!("service db has a minimum of {minimum} % and a maximum of {maximum} %");
            assert!(message.contains(&found) && message.contains("expected 0 % and 100 %"), "{message}");
        }
    }

    #[test]
    fn a_database_that_runs_no_task_is_unfit() {
        let message = database_problem(&database(0, 100, 0), "db").unwrap();
        assert!(message.contains("service db has a desired count of 0, expected at least 1"), "{message}");
    }

    /// An image runs already only where there is nothing left to do: the release's revision, rolled out, alone, with every
    /// task that is wanted, and at least one.
    #[test]
    fn a_release_runs_where_every_task_of_it_does_and_there_is_one() {
        let release = HealthyRelease {
            deployment: uuid::Uuid::now_v7().try_into().unwrap(),
            version: "1.2.0".parse().unwrap(),
            image_tag: "1.2.0".to_owned(),
            commit: None,
            digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
            task_definition: "shop:7".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let primary = DeploymentView {
            id: "ecs-svc/1".to_owned(),
            status: DeploymentStatus::Primary,
            task_definition: "shop:7".to_owned(),
            rollout: RolloutState::Completed,
            rollout_reason: String::new(),
            desired: 2,
            running: 2,
            pending: 0,
        };
        let service = |desired, running, deployments| ServiceView {
            running,
            deployments: vec![primary.clone(); deployments],
            ..database(100, 200, desired)
        };
        assert!(runs(&release, &service(2, 2, 1), &primary));
        for (desired, running, deployments) in [(0, 0, 1), (2, 1, 1), (2, 2, 2)] {
            let view = service(desired, running, deployments);
            assert!(
                !runs(&release, &view, &primary),
                "{running} of {desired} in {deployments} deployment(s)"
            );
        }
        let another = DeploymentView { task_definition: "shop:8".to_owned(), ..primary.clone() };
        let under_way = DeploymentView { rollout: RolloutState::InProgress, ..primary.clone() };
        for primary in [another, under_way] {
            assert!(!runs(&release, &service(2, 2, 1), &primary), "{primary:?}");
        }
    }
}
