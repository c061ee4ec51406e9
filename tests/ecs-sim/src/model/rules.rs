//! A service's deployment configuration, read: how many tasks may run, and when the circuit breaker trips.
//!
//! Sources: ECS API reference, DeploymentConfiguration, DeploymentCircuitBreaker and ThresholdConfiguration.
//! Unknown or malformed members count as absent; the stored JSON is never changed here.

use serde_json::{Value, json};

/// How the failure threshold is computed from `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// That many failures.
    Count(u32),
    /// That percentage of the desired count, rounded up, between 3 and 200.
    BoundedPercent(u32),
    /// That percentage of the desired count, rounded up, at least 1.
    UnboundedPercent(u32),
}

/// The parts of a deployment configuration that the scheduler and the breaker obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RolloutRules {
    /// Lower limit of RUNNING tasks, in percent of the desired count, rounded up.
    pub minimum_healthy_percent: u32,
    /// Upper limit of tasks, in percent of the desired count, rounded down.
    pub maximum_percent: u32,
    /// Whether the circuit breaker watches.
    pub breaker: bool,
    /// Whether it rolls back.
    pub rollback: bool,
    /// Whether a task that runs steadily sets the count of failures to 0.
    pub reset_on_healthy_task: bool,
    /// When it trips.
    pub threshold: Threshold,
}

impl RolloutRules {
    /// Reads a `deploymentConfiguration` object; what is absent has ECS's default (100/200, no breaker).
    pub fn read(configuration: &Value) -> Self {
        let percent = |key: &str, default: u32| {
            configuration
                .get(key)
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(default)
        };
        let breaker = configuration.get("deploymentCircuitBreaker").unwrap_or(&Value::Null);
        let flag = |key: &str, default: bool| breaker.get(key).and_then(Value::as_bool).unwrap_or(default);
        Self {
            minimum_healthy_percent: percent("minimumHealthyPercent", 100),
            maximum_percent: percent("maximumPercent", 200),
            breaker: flag("enable", false),
            rollback: flag("rollback", false),
            reset_on_healthy_task: flag("resetOnHealthyTask", true),
            threshold: threshold(breaker.get("thresholdConfiguration").unwrap_or(&Value::Null)),
        }
    }

    /// The number of failed tasks at which the breaker trips.
    pub fn failure_threshold(&self, desired: u32) -> u32 {
        let of_desired = |percent: u32| (desired * percent).div_ceil(100);
        match self.threshold {
            Threshold::Count(count) => count.max(1),
            Threshold::BoundedPercent(percent) => of_desired(percent).clamp(3, 200),
            Threshold::UnboundedPercent(percent) => of_desired(percent).max(1),
        }
    }

    /// The most tasks that may exist at once.
    pub fn most(&self, desired: u32) -> u32 {
        desired * self.maximum_percent / 100
    }

    /// The fewest tasks that must be RUNNING.
    pub fn fewest(&self, desired: u32) -> u32 {
        (desired * self.minimum_healthy_percent).div_ceil(100)
    }
}

fn threshold(configuration: &Value) -> Threshold {
    let value =
        configuration.get("value").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(50);
    match configuration.get("type").and_then(Value::as_str) {
        Some("COUNT") => Threshold::Count(value),
        Some("UNBOUNDED_PERCENT") => Threshold::UnboundedPercent(value),
        _ => Threshold::BoundedPercent(value),
    }
}

/// What DescribeServices shows for a service that was created without a deployment configuration.
pub(crate) fn default_configuration() -> Value {
    json!({
        "deploymentCircuitBreaker": { "enable": false, "rollback": false },
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    })
}

/// `over` wins, member by member; members it does not name stay. Explicit nulls count as absent.
pub(crate) fn merge(base: &Value, over: &Value) -> Value {
    let mut merged = base.as_object().cloned().unwrap_or_default();
    for (key, value) in over.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        merged.insert(key.clone(), value.clone());
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::RolloutRules;

    #[test]
    fn the_threshold_is_half_of_desired_between_3_and_200() {
        let rules = RolloutRules::read(&json!({}));
        let at = |desired| rules.failure_threshold(desired);
        assert_eq!(
            [at(0), at(1), at(6), at(7), at(10), at(25), at(400), at(401), at(9_000)],
            [3, 3, 3, 4, 5, 13, 200, 200, 200]
        );
    }

    #[test]
    fn the_configurable_thresholds_are_read() {
        let with = |kind: &str, value: u32| {
            RolloutRules::read(&json!({"deploymentCircuitBreaker":
                {"enable": true, "rollback": true, "thresholdConfiguration": {"type": kind, "value": value}}}))
        };
        assert_eq!(with("COUNT", 1).failure_threshold(10), 1);
        assert_eq!(with("UNBOUNDED_PERCENT", 10).failure_threshold(10), 1);
        assert_eq!(with("BOUNDED_PERCENT", 100).failure_threshold(10), 10);
    }

    #[test]
    fn limits_round_against_the_caller() {
        let rules = RolloutRules::read(&json!({"minimumHealthyPercent": 50, "maximumPercent": 150}));
        assert_eq!((rules.fewest(3), rules.most(3)), (2, 4));
    }
}
