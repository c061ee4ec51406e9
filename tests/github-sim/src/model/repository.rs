//! A repository: everything that belongs to it, and how it begins.
//!
//! It must never hold a URL: the simulator's address may change with a restart.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::{CheckRun, CheckSuite};
use super::commits::Commit;
use super::deployments::Deployment;
use super::environments::EnvironmentSpec;
use super::ids::Ids;
use super::references::Target;
use super::releases::Release;
use super::runs::Run;
use super::statuses::CommitStatus;
use super::tags::TagObject;
use super::workflows::{Workflow, WorkflowSpec};

/// What a new repository is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositorySpec {
    /// The owner's login.
    pub owner: String,
    /// The repository's name.
    pub name: String,
    /// The default branch, which exists from the first commit on.
    #[serde(default = "main_branch")]
    pub default_branch: String,
    /// The repository in the image registry that builds push to; `owner/name` in lower case by default.
    #[serde(default)]
    pub image_repository: Option<String>,
    /// The workflows that can be dispatched; by default the image build alone.
    #[serde(default = "default_workflows")]
    pub workflows: Vec<WorkflowSpec>,
    /// The environments; none by default.
    #[serde(default)]
    pub environments: Vec<EnvironmentSpec>,
}

fn main_branch() -> String {
    "main".to_owned()
}

fn default_workflows() -> Vec<WorkflowSpec> {
    vec![WorkflowSpec::image_build()]
}

impl RepositorySpec {
    /// A repository with the defaults.
    pub fn new(owner: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            name: name.into(),
            default_branch: main_branch(),
            image_repository: None,
            workflows: default_workflows(),
            environments: Vec::new(),
        }
    }
}

/// How often images were built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildCount {
    /// Builds that were begun.
    pub started: u64,
    /// Builds that pushed an image.
    pub pushed: u64,
}

/// A repository.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) default_branch: String,
    pub(crate) image_repository: String,
    pub(crate) created_at: Timestamp,
    pub(crate) pushed_at: Timestamp,
    pub(crate) ids: Ids,
    pub(crate) commits: BTreeMap<String, Commit>,
    /// By full name, such as `refs/heads/main`.
    pub(crate) references: BTreeMap<String, Target>,
    pub(crate) tag_objects: BTreeMap<String, TagObject>,
    pub(crate) releases: Vec<Release>,
    /// The release explicitly made the latest one.
    pub(crate) latest: Option<u64>,
    pub(crate) check_suites: Vec<CheckSuite>,
    pub(crate) check_runs: Vec<CheckRun>,
    pub(crate) statuses: Vec<CommitStatus>,
    pub(crate) workflows: Vec<Workflow>,
    #[serde(default)]
    pub(crate) environments: Vec<EnvironmentSpec>,
    pub(crate) runs: Vec<Run>,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) builds: BuildCount,
}

impl Repository {
    /// An empty repository; `position` is how many there were before it.
    pub(crate) fn new(spec: RepositorySpec, position: usize, now: Timestamp) -> Self {
        let mut ids = Ids::for_repository(position);
        let image_repository =
            spec.image_repository.unwrap_or_else(|| format!("{}/{}", spec.owner, spec.name).to_lowercase());
        Self {
            id: ids.next(),
            workflows: spec.workflows.into_iter().map(|workflow| workflow.create(ids.next(), now)).collect(),
            environments: spec.environments,
            owner: spec.owner,
            name: spec.name,
            default_branch: spec.default_branch,
            image_repository,
            created_at: now,
            pushed_at: now,
            ids,
            commits: BTreeMap::new(),
            references: BTreeMap::new(),
            tag_objects: BTreeMap::new(),
            releases: Vec::new(),
            latest: None,
            check_suites: Vec::new(),
            check_runs: Vec::new(),
            statuses: Vec::new(),
            runs: Vec::new(),
            deployments: Vec::new(),
            builds: BuildCount::default(),
        }
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}
