//! Who may ask for deployments, by the configuration. Nothing is looked at but that: whether the roles are the right ones
//! no service tells.

use super::check::Check::{EnvironmentRequests, QueueWakers};
use super::finding::Finding;
use crate::config::{EnvironmentConfig, Kind, QueueConfig};

/// Whether wake-ups are taken from workers alone.
pub(super) fn judge_wakers(config: &QueueConfig) -> Finding {
    let count = config.worker_senders.len();
    Finding::preferably(
        count > 0,
        QueueWakers,
        if count == 0 {
            "wake-ups are obeyed whoever sends them".to_owned()
        } else {
            format!("wake-ups are obeyed from {count} role(s)")
        },
        "set queue.worker_senders to the id of the workers' role: a false wake-up can have a living worker's claim taken over",
    )
}

/// Whether it is said who may ask, and in production that a run be approved.
pub(super) fn judge(environment: &EnvironmentConfig, name: &str) -> Finding {
    let Some(requests) = &environment.requests else {
        return Finding::warning(
            EnvironmentRequests,
            "whoever may send to the queue may ask for deployments",
            format!(
                "set `requests` of {name}: the workflow whose runs may ask, and the ids of the roles that send"
            ),
        );
    };
    let whom = requests.workflow.as_deref().map_or_else(
        || "no workflow's runs may ask".to_owned(),
        |workflow| format!("runs of {workflow} may ask"),
    );
    let people = requests.people_senders.len();
    let seen = format!("{whom}, and {people} role(s) or user(s) without a run");
    if environment.kind == Kind::Production && !requests.wants_approval(environment.kind) {
        return Finding::warning(
            EnvironmentRequests,
            format!(
                "{seen}; an approval is asked for only where GitHub's environment has required reviewers"
            ),
            "remove require_approval = false: settings of GitHub can be changed by whoever administers the repository",
        );
    }
    Finding::ok(EnvironmentRequests, seen)
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{Ok as Fine, Warning};
    use super::*;

    fn environment(requests: &str) -> EnvironmentConfig {
        let text = format!(
            "kind = 'production'\ncluster = 'c'\nservice = 's'\ncontainer = 'app'\nreadiness = {{ url = 'http://x' }}\n{requests}"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn it_is_said_who_may_ask_and_where_nobody_said_so() {
        assert_eq!(judge(&environment(""), "production").outcome, Warning);
        let section = "[requests]\nworkflow = 'd.yml'\nworkflow_senders = ['AROAX']\n";
        let good = judge(&environment(section), "production");
        assert_eq!(
            (good.outcome, good.seen.as_str()),
            (Fine, "runs of d.yml may ask, and 0 role(s) or user(s) without a run")
        );
        let lax = environment(&format!("{section}require_approval = false\n"));
        assert_eq!(judge(&lax, "production").outcome, Warning);
    }

    #[test]
    fn wake_ups_are_taken_from_workers() {
        let queue = |more: &str| -> QueueConfig {
            toml::from_str(&format!("url = 'http://x'\ndead_letter_url = 'http://y'\n{more}")).unwrap()
        };
        assert_eq!(judge_wakers(&queue("")).outcome, Warning);
        assert_eq!(judge_wakers(&queue("worker_senders = ['AROAWORKER']")).outcome, Fine);
    }
}
