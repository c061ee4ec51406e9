//! One deployment as it is exported. Must never hold what a worker keeps to itself (claims, write ids), and never guess what the
//! record does not say.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use lockstep_state_machines::Machine;
use serde::Serialize;

use crate::ports::{Recorded, Summary};

/// A deployment: in JSON a line of its own before its history, in CSV a row. Members that are not known are empty.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    /// Always `deployment`.
    #[serde(rename = "type")]
    kind: &'static str,
    id: DeploymentId,
    application: ApplicationName,
    environment: EnvironmentName,
    target: String,
    actor: String,
    workflow_run: Option<u64>,
    requested_at: Option<Timestamp>,
    taken_up_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// From being taken up to its end.
    seconds: Option<i64>,
    /// Its terminal state; empty while it is under way.
    outcome: Option<String>,
    reason: Option<String>,
    /// The rule that rejected it, or the kind of failure.
    code: Option<String>,
    version: Option<String>,
    beta: Option<String>,
    commit: Option<String>,
    digest: Option<String>,
    /// How many items its history has.
    items: usize,
}

impl Row {
    /// A deployment, by its line in the environment's list and its history. A snapshot that this version cannot read leaves what
    /// only it knows empty.
    pub(super) fn of(
        application: &ApplicationName,
        environment: &EnvironmentName,
        summary: &Summary,
        history: &[Recorded],
    ) -> Self {
        let newest = history.last();
        let machine = newest.and_then(|newest| Machine::restore(&newest.snapshot).ok());
        let facts = machine.as_ref().map(Machine::deployment);
        let source = facts.and_then(|facts| facts.source.as_ref());
        let ended_at = newest.filter(|newest| newest.terminal).map(|newest| newest.at);
        let taken_up_at = history.first().map(|first| first.at);
        let refusal = facts.and_then(|facts| facts.refusal.as_ref()).map(|refusal| code(&refusal.code));
        let failure = facts.and_then(|facts| facts.failure.as_ref()).map(|failure| code(&failure.code));
        Self {
            kind: "deployment",
            id: summary.id,
            application: application.clone(),
            environment: environment.clone(),
            target: summary.target.clone(),
            actor: summary.actor.clone(),
            workflow_run: facts.and_then(|facts| facts.request.requester.workflow_run_id),
            requested_at: facts.map(|facts| facts.request.requested_at),
            taken_up_at,
            ended_at,
            seconds: ended_at
                .zip(taken_up_at)
                .map(|(ended, taken_up)| ended.duration_since(taken_up).as_secs()),
            outcome: summary.outcome.clone(),
            reason: summary.reason.clone(),
            code: refusal.or(failure),
            version: source.map(|source| source.version.to_string()),
            beta: source.map(|source| source.beta.to_string()),
            commit: source.map(|source| source.commit.to_string()),
            digest: facts.and_then(|facts| facts.digest.as_ref()).map(ToString::to_string),
            items: history.len(),
        }
    }

    /// As a spreadsheet may open it: text of people that would be taken for a formula begins with an apostrophe (OWASP, "CSV
    /// Injection").
    pub(super) fn guarded(mut self) -> Self {
        for text in
            [Some(&mut self.target), Some(&mut self.actor), self.reason.as_mut()].into_iter().flatten()
        {
            if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                text.insert(0, '\'');
            }
        }
        self
    }
}

/// A code as it is stored.
fn code(code: &impl Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
