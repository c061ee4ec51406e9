//! The list of every external call that a worker makes, each with what a repeat of it does. A call that is not
//! here fails the suite: whoever adds one says first what happens when it is made twice.

/// What a repeat of a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads.
    Reads,
    /// It leaves everything as the first one left it.
    Converges,
    /// It would do something twice: a trace of the first is looked for before it is sent again.
    Recognised,
    /// Its condition refuses it, and says what stands.
    Refused,
    /// It wakes a worker once more, which finds nothing to do.
    Wakes,
}

/// A call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) service: &'static str,
    /// AWS's name of it; elsewhere the method and the path, `*` for any segment, `**` at the end for any rest.
    pub(crate) operation: &'static str,
    pub(crate) repeat: Repeat,
}

const fn known(service: &'static str, operation: &'static str, repeat: Repeat) -> Known {
    Known { service, operation, repeat }
}

/// Every call.
pub(crate) const KNOWN: [Known; 40] = {
    use Repeat::{Converges, Reads, Recognised, Refused, Wakes};
    [
        known("SQS", "ReceiveMessage", Wakes),
        known("SQS", "SendMessage", Wakes),
        known("SQS", "DeleteMessage", Converges),
        known("SQS", "ChangeMessageVisibility", Converges),
        known("DynamoDB", "GetItem", Reads),
        known("DynamoDB", "Query", Reads),
        known("DynamoDB", "PutItem", Refused),
        known("DynamoDB", "TransactWriteItems", Refused),
        known("ECS", "DescribeServices", Reads),
        known("ECS", "DescribeTaskDefinition", Reads),
        known("ECS", "ListTaskDefinitions", Reads),
        known("ECS", "ListServiceDeployments", Reads),
        known("ECS", "DescribeServiceDeployments", Reads),
        known("ECS", "DescribeServiceRevisions", Reads),
        known("ECS", "ListTasks", Reads),
        known("ECS", "DescribeTasks", Reads),
        known("ECS", "RegisterTaskDefinition", Recognised),
        known("ECS", "UpdateService", Recognised),
        known("ECS", "DeregisterTaskDefinition", Converges),
        known("GitHub", "GET /repos/*/*", Reads),
        known("GitHub", "GET /repos/*/*/commits/*", Reads),
        known("GitHub", "GET /repos/*/*/commits/*/check-runs", Reads),
        known("GitHub", "GET /repos/*/*/commits/*/check-suites", Reads),
        known("GitHub", "GET /repos/*/*/commits/*/status", Reads),
        known("GitHub", "GET /repos/*/*/compare/**", Reads),
        known("GitHub", "GET /repos/*/*/contents/**", Reads),
        known("GitHub", "GET /repos/*/*/git/**", Reads),
        known("GitHub", "GET /repos/*/*/actions/runs", Reads),
        known("GitHub", "GET /repos/*/*/actions/runs/*", Reads),
        known("GitHub", "GET /repos/*/*/actions/workflows/*/runs", Reads),
        known("GitHub", "GET /repos/*/*/releases/latest", Reads),
        known("GitHub", "GET /repos/*/*/releases/tags/*", Reads),
        known("GitHub", "POST /repos/*/*/actions/workflows/*/dispatches", Recognised),
        known("GitHub", "POST /repos/*/*/releases", Recognised),
        known("GitHub", "PATCH /repos/*/*/releases/*", Converges),
        known("registry", "GET /v2/", Reads),
        known("registry", "HEAD /v2/*/*/manifests/*", Reads),
        known("registry", "GET /v2/*/*/manifests/*", Reads),
        known("registry", "PUT /v2/*/*/manifests/*", Converges),
        known("application", "GET /ready/*", Reads),
    ]
};

/// The call of this name.
pub(super) fn find(service: &str, operation: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.service == service && fits(known.operation, operation))
}

fn fits(pattern: &str, operation: &str) -> bool {
    let mut parts = operation.split('/');
    for wanted in pattern.split('/') {
        if wanted == "**" {
            return true;
        }
        match parts.next() {
            Some(part) if wanted == part || (wanted == "*" && !part.is_empty()) => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{KNOWN, find, fits};

    const POLICY: &str = include_str!("../../../../infra/policies/worker-actions.json");

    #[test]
    fn a_star_is_one_segment_and_two_at_the_end_are_any_rest() {
        assert!(fits("GET /repos/*/*", "GET /repos/acme/sample"));
        assert!(!fits("GET /repos/*/*", "GET /repos/acme/sample/releases"));
        assert!(!fits("GET /repos/*/*", "GET /repos/acme/"));
        assert!(fits("GET /x/**", "GET /x/a/b/c"));
    }

    #[test]
    fn a_call_that_nobody_listed_is_not_known() {
        assert!(find("ECS", "UpdateService").is_some());
        assert!(find("ECS", "StopServiceDeployment").is_none());
        assert!(find("GitHub", "DELETE /repos/acme/sample/releases/1").is_none());
    }

    /// What the worker is seen to call in AWS over all flows, and what its role may do, are the same: the suite
    /// fails on a call that is not listed here, and this fails on one that its policy lacks or has for nothing.
    #[test]
    fn the_calls_to_aws_are_those_that_the_workers_policy_allows() {
        let policy: Value = serde_json::from_str(POLICY).expect("it is JSON");
        let statements = policy["statements"].as_array().expect("statements");
        let actions = statements.iter().filter_map(|statement| statement["actions"].as_object());
        let calls = actions.flat_map(|actions| actions.values()).filter_map(Value::as_array).flatten();
        let allowed: BTreeSet<&str> = calls.filter_map(Value::as_str).collect();
        let aws = KNOWN.iter().filter(|known| ["SQS", "DynamoDB", "ECS"].contains(&known.service));
        let made: BTreeSet<String> =
            aws.map(|known| format!("{}.{}", known.service, known.operation)).collect();
        assert_eq!(made, allowed.into_iter().map(str::to_owned).collect());
    }
}
