//! Deployments and their statuses (GitHub's REST documentation, "Deployments").
//!
//! Merging the default branch on creation (`auto_merge`) is not simulated: a deployment that would need it is
//! refused, as GitHub refuses one that it cannot merge.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusal::Refusal;
use super::repository::Repository;

/// A deployment to create, as the client sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeploymentSpec {
    #[serde(rename = "ref")]
    pub(crate) reference: String,
    #[serde(default = "deploy")]
    pub(crate) task: String,
    #[serde(default = "yes")]
    pub(crate) auto_merge: bool,
    #[serde(default)]
    pub(crate) required_contexts: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) payload: Value,
    #[serde(default = "production")]
    pub(crate) environment: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) transient_environment: bool,
    #[serde(default)]
    pub(crate) production_environment: Option<bool>,
}

fn deploy() -> String {
    "deploy".to_owned()
}

fn yes() -> bool {
    true
}

fn production() -> String {
    "production".to_owned()
}

/// A status to add to a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeploymentStatusSpec {
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) environment: Option<String>,
    #[serde(default)]
    pub(crate) environment_url: Option<String>,
    #[serde(default)]
    pub(crate) log_url: Option<String>,
    #[serde(default = "yes")]
    pub(crate) auto_inactive: bool,
}

/// A deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) spec: DeploymentSpec,
    pub(crate) creator: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) statuses: Vec<DeploymentStatus>,
}

/// A status of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeploymentStatus {
    pub(crate) id: u64,
    pub(crate) spec: DeploymentStatusSpec,
    pub(crate) creator: String,
    pub(crate) at: Timestamp,
}

const STATES: [&str; 7] = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];

impl Deployment {
    /// Whether it counts as a production environment: as told, or by the name.
    pub(crate) fn is_production(&self) -> bool {
        self.spec.production_environment.unwrap_or(self.spec.environment == "production")
    }
}

impl Repository {
    pub(crate) fn create_deployment(
        &mut self,
        spec: DeploymentSpec,
        creator: &str,
        now: Timestamp,
    ) -> Result<&Deployment, Refusal> {
        let sha = self
            .resolve(&spec.reference)
            .map(str::to_owned)
            .ok_or_else(|| Refusal::new(422, format!("No ref found for: {}", spec.reference)))?;
        self.check_contexts(&spec, &sha)?;
        let behind = self.branch_head(&self.default_branch).is_some_and(|main| !self.is_ancestor(main, &sha));
        if spec.auto_merge && behind && self.branch_head(&spec.reference).is_some() {
            let message = format!("Conflict merging {} into {}.", self.default_branch, spec.reference);
            return Err(Refusal::new(409, message));
        }
        let deployment = Deployment {
            id: self.ids.next(),
            sha,
            spec,
            creator: creator.to_owned(),
            created_at: now,
            updated_at: now,
            statuses: Vec::new(),
        };
        let position = self.deployments.len();
        self.deployments.push(deployment);
        Ok(&self.deployments[position])
    }

    /// Without `required_contexts` every status must be a success; with it, the named ones.
    fn check_contexts(&self, spec: &DeploymentSpec, sha: &str) -> Result<(), Refusal> {
        let (_, statuses) = self.combined_status(sha);
        let succeeded =
            |context: &str| statuses.iter().any(|s| s.spec.context == context && s.spec.state == "success");
        let good = match &spec.required_contexts {
            None => statuses.iter().all(|status| status.spec.state == "success"),
            Some(required) => required.iter().all(|context| succeeded(context)),
        };
        if good {
            return Ok(());
        }
        Err(Refusal::new(409, format!("Conflict: Commit status checks failed for {}.", spec.reference)))
    }

    pub(crate) fn deployment(&self, id: u64) -> Result<&Deployment, Refusal> {
        self.deployments.iter().find(|deployment| deployment.id == id).ok_or_else(Refusal::not_found)
    }

    /// Adds a status; a success makes older deployments of a non-production environment inactive.
    pub(crate) fn add_deployment_status(
        &mut self,
        id: u64,
        spec: DeploymentStatusSpec,
        creator: &str,
        now: Timestamp,
    ) -> Result<u64, Refusal> {
        if !STATES.contains(&spec.state.as_str()) {
            return Err(Refusal::field("DeploymentStatus", "invalid", "state"));
        }
        let environment = self.deployment(id)?.spec.environment.clone();
        let supersedes = spec.state == "success" && spec.auto_inactive;
        let status_id = self.push_status(id, spec, creator, now);
        let superseded: Vec<u64> = self
            .deployments
            .iter()
            .filter(|old| supersedes && old.id < id && old.spec.environment == environment)
            .filter(|old| !old.spec.transient_environment && !old.is_production())
            .filter(|old| old.statuses.last().is_some_and(|last| last.spec.state == "success"))
            .map(|old| old.id)
            .collect();
        for old in superseded {
            let inactive = DeploymentStatusSpec {
                state: "inactive".to_owned(),
                description: None,
                environment: None,
                environment_url: None,
                log_url: None,
                auto_inactive: false,
            };
            self.push_status(old, inactive, creator, now);
        }
        Ok(status_id)
    }

    fn push_status(&mut self, id: u64, spec: DeploymentStatusSpec, creator: &str, now: Timestamp) -> u64 {
        let status_id = self.ids.next();
        if let Some(deployment) = self.deployments.iter_mut().find(|deployment| deployment.id == id) {
            deployment.updated_at = now;
            let status = DeploymentStatus { id: status_id, spec, creator: creator.to_owned(), at: now };
            deployment.statuses.push(status);
        }
        status_id
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::commits::tests::{commit, repository};
    use super::super::statuses::StatusSpec;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn spec(value: Value) -> DeploymentSpec {
        serde_json::from_value(value).unwrap()
    }

    fn success() -> DeploymentStatusSpec {
        serde_json::from_value(json!({ "state": "success" })).unwrap()
    }

    #[test]
    fn failing_statuses_are_a_conflict_unless_waived() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        let failing: StatusSpec = serde_json::from_value(json!({ "state": "failure" })).unwrap();
        repository.report_status(&sha, failing, "ci", NOW).unwrap();
        let plain = spec(json!({ "ref": "main" }));
        assert_eq!(repository.create_deployment(plain, "bot", NOW).unwrap_err().status, 409);
        let waived = spec(json!({ "ref": "main", "required_contexts": [] }));
        assert_eq!(repository.create_deployment(waived, "bot", NOW).unwrap().sha, sha);
    }

    #[test]
    fn a_branch_behind_the_default_branch_is_a_conflict_unless_waived() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        commit(&mut repository, "topic", "b", "2");
        commit(&mut repository, "main", "a", "3");
        let merge = spec(json!({ "ref": "topic" }));
        assert_eq!(repository.create_deployment(merge, "bot", NOW).unwrap_err().status, 409);
        let waived = spec(json!({ "ref": "topic", "auto_merge": false }));
        repository.create_deployment(waived, "bot", NOW).unwrap();
    }

    #[test]
    fn a_success_makes_older_ones_inactive_outside_production() {
        for (environment, expected) in [("staging", "inactive"), ("production", "success")] {
            let mut repository = repository();
            commit(&mut repository, "main", "a", "1");
            let mut create = || {
                let spec = spec(json!({ "ref": "main", "environment": environment }));
                let id = repository.create_deployment(spec, "bot", NOW).unwrap().id;
                repository.add_deployment_status(id, success(), "bot", NOW).unwrap();
                id
            };
            let (first, second) = (create(), create());
            let last = |id| &repository.deployment(id).unwrap().statuses.last().unwrap().spec.state;
            assert_eq!(last(first), expected);
            assert_eq!(last(second), "success");
        }
    }
}
