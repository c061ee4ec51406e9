//! Who asks: the workflow run under GitHub Actions, else the local user. For people to read; it proves no
//! identity, and must never be used as if it did.

use lockstep_events::Requester;

/// `variable` reads an environment variable. The names are GitHub's ("Variables reference", default
/// environment variables).
pub(super) fn requester(variable: impl Fn(&str) -> Option<String>) -> Requester {
    let local = || variable("USER").or_else(|| variable("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
    if variable("GITHUB_ACTIONS").as_deref() != Some("true") {
        return Requester { actor: local(), workflow_run_id: None, workflow_run_attempt: None };
    }
    Requester {
        actor: variable("GITHUB_ACTOR").unwrap_or_else(local),
        workflow_run_id: variable("GITHUB_RUN_ID").and_then(|id| id.parse().ok()),
        workflow_run_attempt: variable("GITHUB_RUN_ATTEMPT").and_then(|attempt| attempt.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Requester {
        requester(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_workflow_run_is_named_with_its_attempt() {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_ACTOR", "alice"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_RUN_ATTEMPT", "2"),
            ("USER", "runner"),
        ];
        let requester = from(&variables);
        assert_eq!(requester.actor, "alice");
        assert_eq!((requester.workflow_run_id, requester.workflow_run_attempt), (Some(42), Some(2)));
    }

    #[test]
    fn elsewhere_it_is_the_local_user() {
        let requester = from(&[("USER", "bob"), ("GITHUB_ACTOR", "left-over"), ("GITHUB_RUN_ID", "1")]);
        assert_eq!(
            requester,
            Requester { actor: "bob".into(), workflow_run_id: None, workflow_run_attempt: None }
        );
        assert_eq!(from(&[]).actor, "unknown");
    }
}
