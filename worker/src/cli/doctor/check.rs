//! Every check that `doctor` makes, by its id. An id is in scripts and in docs/doctor.md, so it must never change its
//! meaning.

use serde::{Serialize, Serializer};

macro_rules! checks {
    ($($name:ident = $id:literal,)+) => {
        /// A check.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(super) enum Check {
            $(#[doc = $id] $name,)+
        }

        impl Check {
            /// All of them, in the order of the documentation.
            #[cfg(test)]
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its id.
            pub(super) const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                }
            }
        }
    };
}

checks! {
    AwsIdentity = "aws-identity",
    AwsRole = "aws-role",
    QueueFound = "queue-found",
    QueueKind = "queue-kind",
    QueueVisibility = "queue-visibility",
    QueueDeadLetters = "queue-dead-letters",
    QueueRetention = "queue-retention",
    QueueSenders = "queue-senders",
    QueueWakers = "queue-wakers",
    QueueTransport = "queue-transport",
    QueueEncryption = "queue-encryption",
    TableFound = "table-found",
    TableKeys = "table-keys",
    TableRecovery = "table-recovery",
    TableDeletionProtection = "table-deletion-protection",
    TableExpiry = "table-expiry",
    ClusterFound = "cluster-found",
    ServiceFound = "service-found",
    ServiceKind = "service-kind",
    ServiceBreaker = "service-breaker",
    ServiceProgress = "service-progress",
    ServiceHealth = "service-health",
    ServiceSteady = "service-steady",
    ContainerFound = "container-found",
    ContainerImage = "container-image",
    ContainerEnvironment = "container-environment",
    ContainerSecrets = "container-secrets",
    ContainerReadOnly = "container-read-only",
    DatabaseFound = "database-found",
    DatabaseReplacement = "database-replacement",
    Readiness = "readiness",
    RegistryReadable = "registry-readable",
    RegistryWritable = "registry-writable",
    GitHubRepository = "github-repository",
    GitHubPermissions = "github-permissions",
    VersionFile = "version-file",
    BuildWorkflow = "build-workflow",
    WorkflowsPinned = "workflows-pinned",
    WorkflowsTriggers = "workflows-triggers",
    WorkflowsPermissions = "workflows-permissions",
    CodeOwners = "code-owners",
    ActionsAllowed = "actions-allowed",
    BranchReviews = "branch-reviews",
    BranchChecks = "branch-checks",
    BranchHistory = "branch-history",
    BranchBypass = "branch-bypass",
    EnvironmentBranches = "environment-branches",
    EnvironmentReviewers = "environment-reviewers",
    EnvironmentSelfReview = "environment-self-review",
    EnvironmentRequests = "environment-requests",
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Check;

    /// The ids of the rows of docs/doctor.md: first cells that are one word in backticks.
    fn documented() -> Vec<String> {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/doctor.md");
        let text = std::fs::read_to_string(file).unwrap();
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        rows.map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn every_check_has_one_row_in_the_documentation_and_every_row_is_a_check() {
        let ids: Vec<_> = Check::ALL.iter().map(|check| check.id().to_owned()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "an id is there twice");
        assert_eq!(documented(), ids, "docs/doctor.md has other rows than there are checks");
    }
}
