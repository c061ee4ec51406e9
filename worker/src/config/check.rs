//! What the types of the configuration cannot say: ranges, and what must not stand together. Refuses with
//! the key, what was found and what is expected; must never repair a value in silence.

use std::collections::BTreeMap;

use lockstep_events::{ApplicationName, EnvironmentName};

use super::requests::check_senders;
use super::{ApplicationConfig, Config, ConfigError, EnvironmentConfig, Kind};

impl Config {
    /// Checks what types cannot say.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let invalid = |text: String| Err(ConfigError::Invalid(text));
        let worker = &self.worker;
        if !(1..=64).contains(&worker.concurrency) {
            return invalid(format!("worker.concurrency is {}: expected 1 to 64", worker.concurrency));
        }
        if worker.poll_seconds == 0 || worker.call_timeout_seconds == 0 {
            return invalid("worker.poll_seconds and worker.call_timeout_seconds must be at least 1".into());
        }
        if !(worker.poll_seconds..=900).contains(&worker.poll_cap_seconds) {
            return invalid(format!(
                "worker.poll_cap_seconds is {}: expected worker.poll_seconds ({}) to 900, the longest that SQS delays a message",
                worker.poll_cap_seconds, worker.poll_seconds
            ));
        }
        if worker.claim_lease_seconds < worker.call_timeout_seconds.saturating_mul(3) {
            return invalid(format!(
                "worker.claim_lease_seconds is {}: expected at least three times worker.call_timeout_seconds ({})",
                worker.claim_lease_seconds, worker.call_timeout_seconds
            ));
        }
        if worker.claim_lease_seconds > 900 {
            return invalid(format!(
                "worker.claim_lease_seconds is {}: expected at most 900, the longest that SQS delays a message",
                worker.claim_lease_seconds
            ));
        }
        if !(1..=3600).contains(&worker.reconcile_seconds) {
            return invalid(format!(
                "worker.reconcile_seconds is {}: expected 1 to 3600",
                worker.reconcile_seconds
            ));
        }
        if !(10..=43_200).contains(&worker.visibility_seconds) {
            return invalid(format!(
                "worker.visibility_seconds is {}: expected 10 to 43200",
                worker.visibility_seconds
            ));
        }
        if self.retry.cap_seconds > 900 || self.retry.base_seconds > self.retry.cap_seconds {
            return invalid("retry.cap_seconds must be at most 900 and not below retry.base_seconds".into());
        }
        self.check_notifications()?;
        check_senders("queue.worker_senders", self.queue.worker_senders.iter())?;
        let mut services = BTreeMap::new();
        for (name, application) in &self.applications {
            let path = format!("applications.{name}");
            parse::<ApplicationName>(&path, name)?;
            let productions = application.environments.values().filter(|e| e.kind == Kind::Production);
            if productions.count() > 1 {
                return invalid(format!(
                    "{path} has more than one production environment: they would take `latest` and the latest release from each other; make each an application of its own"
                ));
            }
            for (name, environment) in &application.environments {
                let path = format!("{path}.environments.{name}");
                parse::<EnvironmentName>(&path, name)?;
                environment.check(&path, application)?;
                for service in environment.services() {
                    if let Some(other) = services.insert(service, path.clone()) {
                        return invalid(format!(
                            "{path} and {other} deploy to the same ECS service {} of cluster {}: the lock is one per environment, so each service belongs to one",
                            service.1, service.0
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}

fn parse<T: std::str::FromStr<Err = lockstep_events::InvalidValue>>(
    path: &str,
    text: &str,
) -> Result<T, ConfigError> {
    text.parse().map_err(|e| ConfigError::Invalid(format!("{path}: {e}")))
}

impl EnvironmentConfig {
    /// The ECS services that deployments of this environment change: cluster and name.
    fn services(&self) -> impl Iterator<Item = (&str, &str)> {
        let database = self.database.as_ref().map(|database| database.service.as_str());
        let names = [Some(self.service.as_str()), database].into_iter().flatten();
        names.map(|name| (self.cluster.as_str(), name))
    }

    fn check(&self, path: &str, application: &ApplicationConfig) -> Result<(), ConfigError> {
        let invalid = |text: String| Err(ConfigError::Invalid(format!("{path}: {text}")));
        if self.desired_count == 0 || self.readiness.consecutive == 0 {
            return invalid("desired_count and readiness.consecutive must be at least 1".into());
        }
        if self.kind == Kind::Production && self.database.is_some() {
            return invalid(
                "a production environment's database is never made fresh: remove `database`".into(),
            );
        }
        if let Some(pointer) = &self.readiness.commit_pointer
            && !pointer.starts_with('/')
        {
            return invalid(format!(
                "readiness.commit_pointer is {pointer:?}: expected it to begin with `/`"
            ));
        }
        if !self.readiness.url.starts_with("http://") && !self.readiness.url.starts_with("https://") {
            return invalid(format!(
                "readiness.url is {:?}: expected http:// or https://",
                self.readiness.url
            ));
        }
        let url = reqwest::Url::parse(&self.readiness.url).map_err(|e| {
            ConfigError::Invalid(format!("{path}: readiness.url {:?}: {e}", self.readiness.url))
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return invalid(
                "readiness.url holds a user or password, which would be recorded: remove it".into(),
            );
        }
        let readiness =
            u64::from(self.readiness.consecutive) * u64::from(self.readiness.interval_milliseconds);
        if readiness > 60_000 {
            return invalid(format!(
                "readiness.consecutive × readiness.interval_milliseconds is {readiness} ms: expected at most 60000, since a worker waits for it"
            ));
        }
        if self.kind == Kind::Production && self.counterpart.is_some() {
            return invalid("a production environment has no `counterpart`: a beta that was healthy in any staging environment of the application can be promoted".into());
        }
        match &self.requests {
            Some(_) if self.anyone_may_ask => {
                return invalid(
                    "`requests` says who may ask and `anyone_may_ask` that anybody may: remove one of them"
                        .into(),
                );
            }
            Some(requests) => requests.check(path)?,
            None if self.kind == Kind::Production && !self.anyone_may_ask => {
                return invalid("it is not said who may deploy to production: add a section `requests` with the workflow and the ids of the roles that send, or `anyone_may_ask = true` if whoever may send to the queue may deploy without an approval".into());
            }
            None => {}
        }
        match &self.counterpart {
            Some(name) => match application.environments.get(name) {
                None => invalid(format!("counterpart {name:?} is not an environment of this application")),
                Some(other) if other.kind == self.kind => {
                    invalid(format!("counterpart {name:?} must be of the other kind"))
                }
                Some(_) => Ok(()),
            },
            None => Ok(()),
        }
    }
}
