//! The verdict on a deployment that has ended: what the record says, gathered for people and for scripts.
//! The words and the judgement are the state machine's; nothing here may judge again.

use jiff::Timestamp;
use lockstep_events::{
    ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, ImageDigest, Version,
};
use lockstep_state_machines::{Deployment, Failure, Machine, Proof, RefusalCode};
use serde::{Serialize, Serializer};

use super::Exit;
use super::error::CliError;
use crate::ports::Recorded;

/// The verdict, in JSON the last object of a wait.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename = "verdict")]
pub(super) struct Verdict {
    pub(super) id: DeploymentId,
    pub(super) application: ApplicationName,
    pub(super) environment: EnvironmentName,
    pub(super) state: String,
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub(super) exit: Exit,
    pub(super) at: Timestamp,
    pub(super) reason: String,
    pub(super) operator_needed: bool,
    pub(super) version: Option<Version>,
    pub(super) beta: Option<BetaTag>,
    pub(super) commit: Option<CommitSha>,
    pub(super) digest: Option<ImageDigest>,
    pub(super) build_url: Option<String>,
    pub(super) release_url: Option<String>,
    pub(super) warnings: Vec<String>,
    pub(super) refusal: Option<RefusalCode>,
    pub(super) failure: Option<Failure>,
    pub(super) unwind_failures: Vec<Failure>,
    pub(super) parity: Option<Parity>,
    pub(super) restored: Option<Parity>,
    pub(super) reference_notes: Vec<String>,
}

/// The proof of which image runs.
#[derive(Debug, Serialize)]
pub(super) struct Parity {
    /// The image tag of what runs.
    pub(super) release: String,
    /// The image that each task must run: its own digest, or one of its index.
    pub(super) digest: ImageDigest,
    pub(super) tasks: Vec<Task>,
    /// Why the proof is incomplete, if it is.
    pub(super) unproven: Option<String>,
}

/// A running task and the digest that ECS reports for it.
#[derive(Debug, Serialize)]
pub(super) struct Task {
    pub(super) task: String,
    pub(super) digest: String,
}

impl Verdict {
    /// The verdict that the newest item holds; `None` while the deployment is under way.
    pub(super) fn of(newest: &Recorded, machine: &Machine) -> Result<Option<Self>, CliError> {
        let Some(exit) = Exit::of(machine.state()) else { return Ok(None) };
        let ending = machine
            .ending()
            .ok_or_else(|| CliError::Inconsistent { id: newest.id, state: newest.to.clone() })?;
        let deployment = machine.deployment();
        let source = deployment.source.as_ref();
        Ok(Some(Self {
            id: newest.id,
            application: deployment.request.application.clone(),
            environment: deployment.request.environment.clone(),
            state: machine.state().to_string(),
            exit,
            at: newest.at,
            reason: ending.summary,
            operator_needed: ending.operator_needed,
            version: source.map(|source| source.version.clone()),
            beta: source.map(|source| source.beta.clone()),
            commit: source.map(|source| source.commit.clone()),
            digest: deployment.digest.clone(),
            build_url: deployment.build.as_ref().and_then(|build| build.url.clone()),
            release_url: deployment.release_url.clone(),
            warnings: warnings(deployment),
            refusal: deployment.refusal.as_ref().map(|refusal| refusal.code),
            failure: deployment.failure.clone(),
            unwind_failures: deployment.unwind_failures.clone(),
            parity: candidate(deployment),
            restored: restored(deployment),
            reference_notes: deployment.reference_notes.clone(),
        }))
    }
}

/// What a person should know although it stops nothing.
pub(super) fn warnings(deployment: &Deployment) -> Vec<String> {
    let source = deployment.source.iter().flat_map(|source| &source.warnings);
    let findings = deployment.inspection.iter().flat_map(|inspection| &inspection.findings);
    source.chain(findings).cloned().collect()
}

fn candidate(deployment: &Deployment) -> Option<Parity> {
    let (proof, digest) = deployment.proof.as_ref().zip(deployment.digest.clone())?;
    let release = deployment.source.as_ref()?.beta.to_string();
    Some(parity(proof, release, digest))
}

fn restored(deployment: &Deployment) -> Option<Parity> {
    let (proof, _) = deployment.restored.as_ref()?;
    let target = deployment.restore_target()?;
    Some(parity(proof, target.image_tag, target.digest))
}

fn parity(proof: &Proof, release: String, digest: ImageDigest) -> Parity {
    let task = |(task, digest): &(String, String)| Task { task: task.clone(), digest: digest.clone() };
    Parity {
        release,
        digest,
        tasks: proof.tasks.iter().map(task).collect(),
        unproven: proof.unproven.clone(),
    }
}

fn code<S: Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}
