//! Service deployments: the record of one rollout, kept after the deployment itself is gone.
//!
//! States and their order: "View service history using Amazon ECS service deployments". A terminal one never
//! changes again.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Deployment, Millis, Service, Step, World};

/// `status` of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceDeploymentStatus {
    /// Created; its images are being resolved.
    Pending,
    /// Rolling out.
    InProgress,
    /// A newer one, or an ABORT, replaces it.
    StopRequested,
    /// Asked to go back.
    RollbackRequested,
    /// Going back.
    RollbackInProgress,
    /// Rolled out.
    Successful,
    /// Ended without rolling out or going back.
    Stopped,
    /// Went back.
    RollbackSuccessful,
    /// Could not go back either.
    RollbackFailed,
}

impl ServiceDeploymentStatus {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => true,
            Self::Pending
            | Self::InProgress
            | Self::StopRequested
            | Self::RollbackRequested
            | Self::RollbackInProgress => false,
        }
    }
}

/// `deploymentCircuitBreaker.status` of a service deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BreakerStatus {
    /// It tripped.
    Triggered,
    /// It watches.
    Monitoring,
    /// It watched to the end and did not trip.
    MonitoringComplete,
    /// Not configured.
    Disabled,
}

/// Task counts of one service revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionCounts {
    /// The revision's ARN.
    pub arn: String,
    /// Wanted.
    pub requested: u32,
    /// RUNNING.
    pub running: u32,
    /// On the way there.
    pub pending: u32,
}

/// How a service deployment went back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rollback {
    /// Why.
    pub reason: String,
    /// Since when.
    pub started_at: Millis,
    /// To which revision.
    pub revision: String,
}

/// A service deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: String,
    /// Rises with every service deployment made: the order of lists.
    pub sequence: u64,
    /// The service's ARN.
    pub service_arn: String,
    /// The cluster's ARN.
    pub cluster_arn: String,
    /// The deployment it started (`ecs-svc/…`).
    pub deployment_id: String,
    /// When it was created.
    pub created_at: Millis,
    /// When it left PENDING.
    pub started_at: Option<Millis>,
    /// When it became terminal.
    pub finished_at: Option<Millis>,
    /// When it became STOPPED.
    pub stopped_at: Option<Millis>,
    /// When anything of it changed last.
    pub updated_at: Millis,
    /// What it replaces.
    pub source: Vec<RevisionCounts>,
    /// What it rolls out.
    pub target: RevisionCounts,
    /// Where it stands.
    pub status: ServiceDeploymentStatus,
    /// Why.
    pub status_reason: Option<String>,
    /// The service's deployment configuration when it began.
    pub configuration: Value,
    /// Present once it goes back.
    pub rollback: Option<Rollback>,
    /// The breaker's state.
    pub breaker: BreakerStatus,
    /// Failed tasks as the breaker counts them.
    pub failure_count: u32,
    /// Failed tasks at which it trips.
    pub threshold: u32,
    /// StopServiceDeployment(ABORT) was called: it stops without waiting for its tasks.
    pub aborted: bool,
}

impl ServiceDeployment {
    pub(crate) fn set_status(&mut self, now: Millis, status: ServiceDeploymentStatus) {
        self.status = status;
        self.updated_at = now;
        if status == ServiceDeploymentStatus::Stopped {
            self.stopped_at = Some(now);
        }
        if status.is_terminal() {
            self.finished_at = Some(now);
        }
        if status == ServiceDeploymentStatus::Successful && self.breaker == BreakerStatus::Monitoring {
            self.breaker = BreakerStatus::MonitoringComplete;
        }
    }
}

impl World {
    pub(crate) fn create_service_deployment(
        &mut self,
        step: Step<'_>,
        service: &Service,
        deployment_id: &str,
        revision: &str,
        source: Vec<RevisionCounts>,
    ) -> String {
        let id = self.ids.short();
        let arn = self.arns.service_deployment(&service.cluster, &service.name, &id);
        let rules = service.rules();
        let record = ServiceDeployment {
            arn: arn.clone(),
            sequence: self.next_sequence(),
            service_arn: service.arn.clone(),
            cluster_arn: self.arns.cluster(&service.cluster),
            deployment_id: deployment_id.to_owned(),
            created_at: step.now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            updated_at: step.now,
            source,
            target: RevisionCounts {
                arn: revision.to_owned(),
                requested: service.desired_count,
                running: 0,
                pending: 0,
            },
            status: ServiceDeploymentStatus::Pending,
            status_reason: None,
            configuration: service.configuration(),
            rollback: None,
            breaker: if rules.breaker { BreakerStatus::Monitoring } else { BreakerStatus::Disabled },
            failure_count: 0,
            threshold: rules.failure_threshold(service.desired_count),
            aborted: false,
        };
        self.service_deployments.insert(arn.clone(), record);
        arn
    }

    /// Task counts of a revision as they are now.
    pub fn revision_counts(&self, service: &Service, revision: &str) -> RevisionCounts {
        let mut counts = RevisionCounts { arn: revision.to_owned(), requested: 0, running: 0, pending: 0 };
        for task in self.tasks_of(&service.arn).filter(|task| task.revision == revision) {
            counts.running += u32::from(task.is_serving());
            counts.pending += u32::from(task.is_pending());
            counts.requested += u32::from(task.wanted);
        }
        if service.primary().is_some_and(|primary| primary.revision == revision) {
            counts.requested = service.desired_count;
        }
        counts
    }

    /// Brings the counts that a service deployment shows up to date while it is under way.
    pub(crate) fn refresh_service_deployment(&mut self, service: &Service, deployment: &Deployment) {
        let Some(record) = self.service_deployments.get(&deployment.service_deployment) else { return };
        if record.status.is_terminal() {
            return;
        }
        let counts = self.revision_counts(service, &record.target.arn);
        let threshold = service.rules().failure_threshold(service.desired_count);
        if let Some(record) = self.service_deployments.get_mut(&deployment.service_deployment) {
            record.target = counts;
            record.threshold = threshold;
            if record.deployment_id == deployment.id {
                record.failure_count = deployment.failed_tasks;
            }
        }
    }
}
