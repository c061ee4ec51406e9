//! What is told: one history item with what a reader needs to know of its deployment, as one JSON document. Pure. Its
//! members are the contract with whoever receives it: one may be added, none may change its meaning.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName, Target};
use lockstep_state_machines::{Machine, RefusalCode};
use serde::Serialize;

use crate::config::Occasion;
use crate::ports::Entry;

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct News {
    /// What kind of document this is: always `deployment`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The same at every try: `<deployment>/<number of the history item>`, or the occasion's name where no item
    /// brought it about.
    pub id: String,
    /// What happened.
    pub occasion: Occasion,
    /// When.
    pub at: Timestamp,
    /// The application.
    pub application: ApplicationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment.
    pub deployment: DeploymentId,
    /// The number of the history item that it tells of, if of one.
    pub seq: Option<u64>,
    /// What was asked for: a ref, a beta's tag, or `the default branch`.
    pub target: String,
    /// The beta, once it is known.
    pub beta: Option<String>,
    /// The version, once it is known.
    pub version: Option<String>,
    /// The image, once it is known.
    pub digest: Option<String>,
    /// Who asked, as the request says.
    pub actor: String,
    /// The state.
    pub state: String,
    /// One line: the outcome and why, or what happened.
    pub summary: String,
    /// Whether somebody has to look at the environment.
    pub operator_needed: bool,
    /// The build, where a person can look at it.
    pub build_url: Option<String>,
    /// The release, likewise.
    pub release_url: Option<String>,
}

impl News {
    /// What an item tells.
    #[must_use]
    pub fn of(item: &Entry, machine: &Machine, occasion: Occasion) -> Self {
        let ending = machine.ending();
        let refusal = machine.deployment().refusal.as_ref().map(|refusal| refusal.code);
        let occasion = match (occasion, refusal) {
            (Occasion::Rejected, Some(RefusalCode::NotApproved)) => Occasion::ApprovalMissing,
            (occasion, _) => occasion,
        };
        let summary = ending.as_ref().map_or_else(|| item.detail.clone(), |ending| ending.summary.clone());
        let operator_needed = ending.is_some_and(|ending| ending.operator_needed);
        let news = Self::bare(machine, occasion, item.at, format!("{}/{}", item.id, item.seq));
        Self { seq: Some(item.seq), state: item.to.clone(), summary, operator_needed, ..news }
    }

    /// That the deployment has held the lock for longer than it should, as of its newest item.
    #[must_use]
    pub fn lock_held_too_long(item: &Entry, machine: &Machine, since: Timestamp, told_at: Timestamp) -> Self {
        let occasion = Occasion::LockHeldTooLong;
        let news = Self::bare(machine, occasion, told_at, format!("{}/{}", item.id, occasion.name()));
        let deadline = machine.deadline();
        let until = deadline.map(|at| format!(", until {at:.0} at the latest")).unwrap_or_default();
        let summary =
            format!("holds the lock since {since:.0}; {} since {:.0}{until}", item.to, machine.since());
        Self { state: item.to.clone(), summary, operator_needed: true, ..news }
    }

    fn bare(machine: &Machine, occasion: Occasion, at: Timestamp, id: String) -> Self {
        let deployment = machine.deployment();
        let (request, source) = (&deployment.request, deployment.source.as_ref());
        let target = match &request.target {
            Target::Commit { reference: None } => "the default branch".to_owned(),
            Target::Commit { reference: Some(reference) } => reference.to_string(),
            Target::Beta { tag } => tag.to_string(),
        };
        Self {
            kind: "deployment",
            id,
            occasion,
            at,
            application: request.application.clone(),
            environment: request.environment.clone(),
            deployment: request.id,
            seq: None,
            target,
            beta: source.map(|source| source.beta.to_string()),
            version: source.map(|source| source.version.to_string()),
            digest: deployment.digest.as_ref().map(ToString::to_string),
            actor: request.requester.actor.clone(),
            state: String::new(),
            summary: String::new(),
            operator_needed: false,
            build_url: deployment.build.as_ref().and_then(|build| build.url.clone()),
            release_url: deployment.release_url.clone(),
        }
    }
}
