//! Where every item of the table is: one table, partition key `pk`, sort key `sk`, both strings. Must stay
//! as it is for ever, or move every item: what was written under a key is found only under it.
//!
//! | `pk`                               | `sk`                  | item                               |
//! |------------------------------------|-----------------------|------------------------------------|
//! | `deployment#<id>`                  | `event#<sequence>`    | one history item                   |
//! |                                    | `announced#<webhook>` | what an address was told of it     |
//! | `environment#<application>#<name>` | `lock`                | the lock, kept when released       |
//! |                                    | `record`              | what runs there                    |
//! |                                    | `deployment#<id>`     | a deployment's line in the list    |
//! |                                    | `hold#<id>`           | a hold, and who released it        |
//! | `application#<name>`               | `image#<commit>`      | the image of a commit              |
//! |                                    | `version#<version>`   | what a version means               |
//! |                                    | `beta#<tag>`          | a beta that was healthy in staging |
//! |                                    | `run#<id>-<attempt>`  | which deployment a run asked for   |
//!
//! A history is read from its first item on without an end, so nothing else of a deployment may sort behind `event#`.
//! No name can hold a `#` (`lockstep_events` sees to it), so no two keys can meet. A sequence number is
//! padded to ten digits and ids begin with their time: sorting by key is sorting by age.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use lockstep_events::{ApplicationName, BetaTag, CommitSha, DeploymentId, EnvironmentName, Version};
use uuid::Uuid;

/// The partition key's attribute.
pub(super) const PARTITION: &str = "pk";
/// The sort key's attribute.
pub(super) const SORT: &str = "sk";

/// What the sort keys of the history's items begin with.
pub(super) const EVENTS: &str = "event#";
/// What the sort keys of an environment's list begin with.
pub(super) const DEPLOYMENTS: &str = "deployment#";
/// What the sort keys of an environment's holds begin with.
pub(super) const HOLDS: &str = "hold#";
/// What the sort keys of an application's version bindings begin with.
pub(super) const VERSIONS: &str = "version#";
/// What the sort keys of an application's healthy betas begin with.
pub(super) const BETAS: &str = "beta#";

/// The key of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The partition.
    pub(super) partition: String,
    /// The place in it.
    pub(super) sort: String,
}

impl Key {
    pub(super) fn event(id: DeploymentId, seq: u64) -> Self {
        Self { partition: history(id), sort: format!("{EVENTS}{seq:010}") }
    }

    /// Sorts before the history, which is read to the partition's end.
    pub(super) fn deliveries(id: DeploymentId, webhook: &str) -> Self {
        Self { partition: history(id), sort: format!("announced#{webhook}") }
    }

    pub(super) fn lock(application: &ApplicationName, environment: &EnvironmentName) -> Self {
        Self { partition: environment_partition(application, environment), sort: "lock".to_owned() }
    }

    pub(super) fn record(application: &ApplicationName, environment: &EnvironmentName) -> Self {
        Self { partition: environment_partition(application, environment), sort: "record".to_owned() }
    }

    pub(super) fn summary(
        application: &ApplicationName,
        environment: &EnvironmentName,
        id: DeploymentId,
    ) -> Self {
        Self {
            partition: environment_partition(application, environment),
            sort: format!("{DEPLOYMENTS}{id}"),
        }
    }

    pub(super) fn hold(application: &ApplicationName, environment: &EnvironmentName, id: Uuid) -> Self {
        Self { partition: environment_partition(application, environment), sort: format!("{HOLDS}{id}") }
    }

    pub(super) fn image(application: &ApplicationName, commit: &CommitSha) -> Self {
        Self { partition: application_partition(application), sort: format!("image#{commit}") }
    }

    pub(super) fn version(application: &ApplicationName, version: &Version) -> Self {
        Self { partition: application_partition(application), sort: format!("{VERSIONS}{version}") }
    }

    pub(super) fn beta(application: &ApplicationName, tag: &BetaTag) -> Self {
        Self { partition: application_partition(application), sort: format!("{BETAS}{tag}") }
    }

    pub(super) fn run(application: &ApplicationName, run: u64, attempt: u32) -> Self {
        Self { partition: application_partition(application), sort: format!("run#{run}-{attempt}") }
    }

    /// The key as DynamoDB takes it.
    pub(super) fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION.to_owned(), AttributeValue::S(self.partition.clone())),
            (SORT.to_owned(), AttributeValue::S(self.sort.clone())),
        ])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.partition, self.sort)
    }
}

/// The partition of a deployment's history.
pub(super) fn history(id: DeploymentId) -> String {
    format!("deployment#{id}")
}

/// The partition of an environment.
pub(super) fn environment_partition(application: &ApplicationName, environment: &EnvironmentName) -> String {
    format!("environment#{application}#{environment}")
}

/// The partition of an application.
pub(super) fn application_partition(application: &ApplicationName) -> String {
    format!("application#{application}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_documented_ones() {
        let id: DeploymentId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let (shop, staging) = ("shop".parse().unwrap(), "staging".parse().unwrap());
        let commit: CommitSha = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        let table = [
            (Key::event(id, 7), format!("deployment#{id} / event#0000000007")),
            (Key::deliveries(id, "chat"), format!("deployment#{id} / announced#chat")),
            (Key::lock(&shop, &staging), "environment#shop#staging / lock".to_owned()),
            (Key::record(&shop, &staging), "environment#shop#staging / record".to_owned()),
            (Key::summary(&shop, &staging, id), format!("environment#shop#staging / deployment#{id}")),
            (Key::hold(&shop, &staging, id.as_uuid()), format!("environment#shop#staging / hold#{id}")),
            (Key::image(&shop, &commit), format!("application#shop / image#{commit}")),
            (Key::version(&shop, &"1.2.3".parse().unwrap()), "application#shop / version#1.2.3".to_owned()),
            (
                Key::beta(&shop, &"1.2.3-0123456.beta".parse().unwrap()),
                "application#shop / beta#1.2.3-0123456.beta".to_owned(),
            ),
            (Key::run(&shop, 42, 2), "application#shop / run#42-2".to_owned()),
        ];
        for (key, expected) in table {
            assert_eq!(key.to_string(), expected);
        }
    }
}
