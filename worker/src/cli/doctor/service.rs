//! An environment's cluster and services: can a deployment be rolled out there, and would ECS notice a bad one. The
//! container is judged in `container`. Reads only; nothing is started or stopped.

use super::check::Check::{
    ClusterFound, DatabaseFound, DatabaseReplacement, ServiceBreaker, ServiceFound, ServiceHealth,
    ServiceKind, ServiceProgress, ServiceSteady,
};
use super::container;
use super::finding::Finding;
use crate::config::{EnvironmentConfig, RegistryConfig};
use crate::faults::FaultKind;
use crate::ports::setup::{ClusterInspector, ServiceSetup};
use crate::ports::{Answer, RolloutState, ServiceRef};

/// Looks at an environment's cluster, its service and, where it has one, its database.
pub(super) async fn look(
    inspector: &dyn ClusterInspector,
    environment: &EnvironmentConfig,
    registry: &RegistryConfig,
) -> Vec<Finding> {
    let cluster = judge_cluster(&inspector.cluster(&environment.cluster).await, &environment.cluster);
    let mut findings = vec![cluster];
    let named =
        |service: &str| ServiceRef { cluster: environment.cluster.clone(), service: service.to_owned() };
    match found(inspector.service(&named(&environment.service)).await, &environment.service) {
        Err(finding) => findings.push(finding),
        Ok(setup) => {
            findings.extend(judge(&setup, &environment.service, environment.desired_count));
            if let Some((definition, _)) = &setup.primary {
                let containers = inspector.containers(definition).await;
                let wanted = container::Wanted { environment, repository: &registry.repository, definition };
                let load_balanced = setup.load_balanced;
                findings.extend(container::judge(&containers, &wanted, |has_check| {
                    judge_health(load_balanced, setup.grace_seconds, has_check)
                }));
            }
        }
    }
    if let Some(database) = &environment.database {
        findings.extend(look_at_database(inspector, &named(&database.service)).await);
    }
    findings
}

async fn look_at_database(inspector: &dyn ClusterInspector, service: &ServiceRef) -> Vec<Finding> {
    let name = &service.service;
    match inspector.service(service).await {
        Err(fault) if fault.kind != FaultKind::NotFound => vec![Finding::blocked(DatabaseFound, &fault)],
        Ok(Some(setup)) => judge_database(&setup, name),
        _ => vec![Finding::problem(
            DatabaseFound,
            format!("there is no ECS service {name} in cluster {}", service.cluster),
            "create it, or correct `database.service` in the configuration",
        )],
    }
}

fn judge_cluster(answer: &Answer<Option<String>>, name: &str) -> Finding {
    let remedy =
        "deploy the environment's stack (infra/), or correct `cluster` and `aws.region` in the configuration";
    match answer {
        Ok(Some(status)) => {
            Finding::either(status == "ACTIVE", ClusterFound, format!("{name} is {status}"), remedy)
        }
        Ok(None) => Finding::problem(ClusterFound, format!("there is no cluster {name}"), remedy),
        Err(fault) => Finding::blocked(ClusterFound, fault),
    }
}

fn found(answer: Answer<Option<ServiceSetup>>, name: &str) -> Result<ServiceSetup, Finding> {
    let absent = || {
        let remedy = "create it, or correct `cluster` and `service` in the configuration";
        Finding::problem(ServiceFound, format!("there is no active ECS service {name} there"), remedy)
    };
    match answer {
        Ok(Some(setup)) => Ok(setup),
        Ok(None) => Err(absent()),
        // A cluster that does not exist is a fault to ECS, not a missing service.
        Err(fault) if fault.kind == FaultKind::NotFound => Err(absent()),
        Err(fault) => Err(Finding::blocked(ServiceFound, &fault)),
    }
}

fn judge(setup: &ServiceSetup, name: &str, default_count: u32) -> Vec<Finding> {
    let breaker = setup.circuit_breaker;
    let on = |it| if it { "on" } else { "off" };
    vec![
        Finding::either(
            setup.status == "ACTIVE",
            ServiceFound,
            format!("{name} is {}", setup.status),
            "a service that is being deleted cannot be deployed to: create it again",
        ),
        judge_kind(setup),
        Finding::either(
            breaker.enable && breaker.rollback,
            ServiceBreaker,
            format!(
                "the deployment circuit breaker is {}, its rollback {}",
                on(breaker.enable),
                on(breaker.rollback)
            ),
            "turn deploymentCircuitBreaker on with rollback: without it a bad rollout is noticed by Lockstep's deadline only, \
             and not at all should no worker run",
        ),
        judge_progress(setup, default_count),
        judge_steady(setup),
    ]
}

fn judge_kind(setup: &ServiceSetup) -> Finding {
    let ServiceSetup { controller, scheduling, strategy, .. } = setup;
    let seen = format!("deployed by {controller}, {scheduling}, {strategy}");
    if controller != "ECS" || scheduling != "REPLICA" {
        let remedy = "create it again with the deployment controller ECS and the scheduling strategy REPLICA: Lockstep \
                      deploys by UpdateService alone";
        Finding::problem(ServiceKind, seen, remedy)
    } else {
        let remedy = "set the deployment strategy to ROLLING: Lockstep's verdicts are tried with no other";
        Finding::preferably(strategy == "ROLLING", ServiceKind, seen, remedy)
    }
}

/// ECS keeps ceil(desired × minimum) tasks and runs at most floor(desired × maximum) (API reference:
/// DeploymentConfiguration). A rollout needs room for one new task, or leave to stop an old one.
fn judge_progress(setup: &ServiceSetup, default_count: u32) -> Finding {
    let desired = u64::from(if setup.desired == 0 { default_count } else { setup.desired });
    let kept = (desired * u64::from(setup.minimum_healthy_percent)).div_ceil(100);
    let most = desired * u64::from(setup.maximum_percent) / 100;
    let seen = format!(
        "of {desired} tasks {kept} must stay and {most} may run ({} % to {} %)",
        setup.minimum_healthy_percent, setup.maximum_percent
    );
    let remedy =
        "no task can be started or stopped: set maximumPercent to 200, or minimumHealthyPercent lower";
    Finding::either(most > 0 && (most > desired || kept < desired), ServiceProgress, seen, remedy)
}

fn judge_steady(setup: &ServiceSetup) -> Finding {
    let event = setup.newest_event.as_deref().unwrap_or("nothing yet");
    let counts = format!("{} of {} tasks run", setup.running, setup.desired);
    let event = || format!("look at what ECS says of it, and at the application's log; newest: {event}");
    match &setup.primary {
        None => Finding::problem(
            ServiceSteady,
            format!("{counts}, and there is no PRIMARY deployment"),
            "give it a task definition first: Lockstep makes each new one from the one that is there",
        ),
        Some((_, RolloutState::Completed)) if setup.running == setup.desired => {
            Finding::ok(ServiceSteady, counts)
        }
        Some((_, RolloutState::Failed)) => {
            Finding::warning(ServiceSteady, format!("{counts}; its last rollout failed"), event())
        }
        Some(_) => Finding::warning(ServiceSteady, format!("{counts}; a rollout is under way"), event()),
    }
}

fn judge_health(load_balanced: bool, grace_seconds: u32, own_check: bool) -> Finding {
    match (load_balanced, own_check) {
        (false, false) => Finding::warning(
            ServiceHealth,
            "neither a load balancer nor the container checks its health",
            "give the container a healthCheck or the service a target group: without one ECS takes a task for healthy \
             as soon as it runs",
        ),
        (true, _) if grace_seconds == 0 => Finding::warning(
            ServiceHealth,
            "a load balancer checks it from the first second",
            "set healthCheckGracePeriodSeconds to what the application needs to start, or slow starts fail their rollout",
        ),
        (true, _) => Finding::ok(ServiceHealth, format!("a load balancer checks it after {grace_seconds} s")),
        (false, true) => Finding::ok(ServiceHealth, "the container has a health check"),
    }
}

/// As the deployment's own inspection demands: two databases must never run side by side.
fn judge_database(setup: &ServiceSetup, name: &str) -> Vec<Finding> {
    let (minimum, maximum) = (setup.minimum_healthy_percent, setup.maximum_percent);
    vec![
        Finding::either(
            setup.status == "ACTIVE" && setup.desired > 0,
            DatabaseFound,
            format!("{name} is {}, {} of {} tasks run", setup.status, setup.running, setup.desired),
            "set its desired count to at least 1: without a task there is no database to reset and to migrate",
        ),
        Finding::either(
            (minimum, maximum) == (0, 100),
            DatabaseReplacement,
            format!("{minimum} % of its tasks must stay, {maximum} % may run"),
            "set minimumHealthyPercent to 0 and maximumPercent to 100: only so does ECS stop the old database before it \
             starts the new one",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{self, Ok, Problem, Warning};
    use super::*;
    use crate::ports::CircuitBreaker;

    fn good() -> ServiceSetup {
        ServiceSetup {
            status: "ACTIVE".into(),
            desired: 2,
            running: 2,
            controller: "ECS".into(),
            scheduling: "REPLICA".into(),
            strategy: "ROLLING".into(),
            circuit_breaker: CircuitBreaker { enable: true, rollback: true },
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            load_balanced: true,
            grace_seconds: 60,
            primary: Some(("arn:app:1".into(), RolloutState::Completed)),
            newest_event: None,
        }
    }

    fn outcomes(setup: &ServiceSetup) -> Vec<Outcome> {
        judge(setup, "app", 1).iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn a_service_that_fits_and_each_that_does_not() {
        let breaker = |enable, rollback| CircuitBreaker { enable, rollback };
        let primary = |rollout| Some(("arn:app:1".to_owned(), rollout));
        // Found, kind, breaker, progress, steady.
        let cases = [
            (good(), [Ok; 5]),
            (ServiceSetup { status: "DRAINING".into(), ..good() }, [Problem, Ok, Ok, Ok, Ok]),
            (ServiceSetup { controller: "CODE_DEPLOY".into(), ..good() }, [Ok, Problem, Ok, Ok, Ok]),
            (ServiceSetup { scheduling: "DAEMON".into(), ..good() }, [Ok, Problem, Ok, Ok, Ok]),
            (ServiceSetup { strategy: "BLUE_GREEN".into(), ..good() }, [Ok, Warning, Ok, Ok, Ok]),
            (ServiceSetup { circuit_breaker: breaker(false, false), ..good() }, [Ok, Ok, Problem, Ok, Ok]),
            (ServiceSetup { circuit_breaker: breaker(true, false), ..good() }, [Ok, Ok, Problem, Ok, Ok]),
            (ServiceSetup { maximum_percent: 100, ..good() }, [Ok, Ok, Ok, Problem, Ok]),
            (ServiceSetup { running: 1, ..good() }, [Ok, Ok, Ok, Ok, Warning]),
            (ServiceSetup { primary: primary(RolloutState::Failed), ..good() }, [Ok, Ok, Ok, Ok, Warning]),
            (ServiceSetup { primary: None, ..good() }, [Ok, Ok, Ok, Ok, Problem]),
        ];
        for (setup, expected) in cases {
            assert_eq!(outcomes(&setup), expected, "{setup:?}");
        }
    }

    #[test]
    fn a_rollout_needs_room_for_a_task_more_or_leave_for_one_less() {
        let progress = |desired, minimum_healthy_percent, maximum_percent| {
            let setup = ServiceSetup { desired, minimum_healthy_percent, maximum_percent, ..good() };
            judge_progress(&setup, 1).outcome
        };
        assert_eq!(progress(1, 100, 200), Ok);
        assert_eq!(progress(1, 0, 100), Ok);
        assert_eq!(progress(4, 75, 100), Ok);
        assert_eq!(progress(4, 100, 125), Ok);
        assert_eq!(progress(1, 100, 100), Problem);
        assert_eq!(progress(1, 50, 150), Problem, "half a task is kept as one, and none more fits");
        assert_eq!(progress(4, 100, 120), Problem, "no whole task more fits");
        assert_eq!(progress(1, 0, 50), Problem, "none may run");
        assert_eq!(progress(0, 100, 100), Problem, "as many as the configuration says");
    }

    #[test]
    fn health_is_checked_by_somebody() {
        assert_eq!(judge_health(true, 60, false).outcome, Ok);
        assert_eq!(judge_health(false, 0, true).outcome, Ok);
        assert_eq!(judge_health(true, 0, true).outcome, Warning);
        assert_eq!(judge_health(false, 0, false).outcome, Warning);
    }

    #[test]
    fn a_database_is_replaced_and_never_doubled() {
        let outcomes = |minimum_healthy_percent, maximum_percent, desired| {
            let setup = ServiceSetup { minimum_healthy_percent, maximum_percent, desired, ..good() };
            judge_database(&setup, "database").iter().map(|finding| finding.outcome).collect::<Vec<_>>()
        };
        assert_eq!(outcomes(0, 100, 1), [Ok, Ok]);
        assert_eq!(outcomes(0, 100, 0), [Problem, Ok]);
        assert_eq!(outcomes(100, 200, 1), [Ok, Problem]);
    }

    #[test]
    fn what_is_missing_is_a_problem() {
        assert_eq!(judge_cluster(&Answer::Ok(None), "c").outcome, Problem);
        assert_eq!(judge_cluster(&Answer::Ok(Some("INACTIVE".into())), "c").outcome, Problem);
        assert_eq!(judge_cluster(&Answer::Ok(Some("ACTIVE".into())), "c").outcome, Ok);
        assert_eq!(found(Answer::Ok(None), "app").unwrap_err().outcome, Problem);
    }
}
