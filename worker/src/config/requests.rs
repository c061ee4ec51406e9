//! The section `requests` of an environment: who may ask for deployments there. What it says is judged in
//! `engine/door` and `effects/requester`; must never name a secret, and a role's id is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ConfigError, EnvironmentConfig, Kind};

/// Who may ask for deployments to an environment. Without this section whoever may send to the queue may ask.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RequestsConfig {
    /// The file name of the workflow whose runs may ask, such as `deploy-production.yml`.
    pub workflow: Option<String>,
    /// The ids of the roles that runs of that workflow send with, such as `AROA…` (IAM's unique id, neither name nor
    /// ARN: a role that is deleted and made again is another).
    #[serde(default)]
    pub workflow_senders: Vec<String>,
    /// The ids of roles and users that may ask without a run, `AROA…` or `AIDA…`. Empty: nobody.
    #[serde(default)]
    pub people_senders: Vec<String>,
    /// How old a request may be when a worker takes it up, in seconds, by the queue's clock.
    #[serde(default = "an_hour")]
    pub max_age_seconds: u32,
    /// The GitHub environment that a run is approved for; without it, the one of this environment's name.
    pub github_environment: Option<String>,
    /// Whether a run must have been approved; without it, in production. Where GitHub's environment has required
    /// reviewers it must in any case.
    pub require_approval: Option<bool>,
    /// Whether somebody else than who started the run must have approved it; without it, where an approval is required by
    /// `require_approval`. Where GitHub's environment prevents self-review it must in any case.
    pub prevent_self_review: Option<bool>,
}

fn an_hour() -> u32 {
    3600
}

impl RequestsConfig {
    /// Whether this configuration wants an approval of a run.
    #[must_use]
    pub fn wants_approval(&self, kind: Kind) -> bool {
        self.require_approval.unwrap_or(kind == Kind::Production)
    }

    /// Whether this configuration wants it by somebody else than who started the run.
    #[must_use]
    pub fn wants_another(&self, kind: Kind) -> bool {
        self.prevent_self_review.unwrap_or_else(|| self.wants_approval(kind))
    }

    pub(super) fn check(&self, path: &str) -> Result<(), ConfigError> {
        let invalid = |text: String| Err(ConfigError::Invalid(format!("{path}.requests: {text}")));
        if self.workflow.is_some() == self.workflow_senders.is_empty() {
            return invalid(
                "`workflow` and `workflow_senders` belong together: the runs that may ask, and the roles that they send with".into(),
            );
        }
        if let Some(file) = &self.workflow
            && (file.is_empty() || file.contains(['/', '@']))
        {
            return invalid(format!("workflow is {file:?}: expected a file name such as deploy-staging.yml"));
        }
        if self.workflow_senders.is_empty() && self.people_senders.is_empty() {
            return invalid(
                "nobody may ask: name roles in `workflow_senders` or `people_senders`, or leave the section out".into(),
            );
        }
        if let Some(both) = self.workflow_senders.iter().find(|id| self.people_senders.contains(id)) {
            return invalid(format!(
                "{both} is in `workflow_senders` and in `people_senders`: who may ask without a run needs no run; name it in one"
            ));
        }
        if self.max_age_seconds == 0 {
            return invalid("max_age_seconds must be at least 1".into());
        }
        let senders = self.workflow_senders.iter().chain(&self.people_senders);
        check_senders(&format!("{path}.requests"), senders)
    }
}

impl EnvironmentConfig {
    /// The GitHub environment whose rules and approvals count for this one.
    #[must_use]
    pub fn github_environment<'a>(&'a self, name: &'a str) -> &'a str {
        self.requests.as_ref().and_then(|requests| requests.github_environment.as_deref()).unwrap_or(name)
    }
}

/// Refuses what can be no sender's id as it is compared: the part before the colon.
pub(super) fn check_senders<'a>(
    path: &str,
    ids: impl Iterator<Item = &'a String>,
) -> Result<(), ConfigError> {
    for id in ids {
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ConfigError::Invalid(format!(
                "{path}: {id:?} is no sender's id: expected IAM's unique id of a role or user such as AROA… or AIDA…, neither name nor ARN (`aws iam get-role --query Role.RoleId`)"
            )));
        }
    }
    Ok(())
}
