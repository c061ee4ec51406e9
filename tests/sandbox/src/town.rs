//! Starts everything, in the order in which it depends on each other, and stops it again. Must never start
//! a worker by itself: who drives deployments is the caller's choice.

use std::path::{Path, PathBuf};

use ecs_sim::{EcsSim, SqsTarget, Timing};
use github_sim::{CheckSpec, GithubSim, Status};

use crate::binaries::{self, BinaryError};
use crate::environment::{ACCOUNT, GITHUB_TOKEN, REGION};
use crate::places::Places;
use crate::sample::{self, Variant};
use crate::seeds::{self, OWNER, REPOSITORY};
use crate::settings;
use crate::stand_ins::{DynamoDb, Registry, Sqs, StandInError};

/// How to start a sandbox.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// GitHub's switches.
    pub github: github_sim::Knobs,
    /// ECS's switches.
    pub ecs: ecs_sim::Knobs,
    /// How long things take in ECS.
    pub timing: Timing,
}

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Its folder cannot be used.
    #[error(
        "the sandbox's folder: {path}: {problem}; give another one with --folder, or delete it to begin afresh"
    )]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A program is missing.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// A stand-in does not start.
    #[error(transparent)]
    StandIn(#[from] StandInError),
    /// A simulator does not start, or refuses its seed.
    #[error("{what} did not start: {problem}")]
    Start {
        /// Which one.
        what: &'static str,
        /// Why.
        problem: String,
    },
}

impl SandboxError {
    pub(crate) fn folder(path: &Path, problem: &dyn std::fmt::Display) -> Self {
        Self::Folder { path: path.to_owned(), problem: problem.to_string() }
    }

    fn start(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |problem| Self::Start { what, problem: problem.to_string() }
    }
}

/// Everything that Lockstep talks to, running.
pub struct Sandbox {
    places: Places,
    lockstep: PathBuf,
    dynamodb: DynamoDb,
    sqs: Sqs,
    registry: Registry,
    github: GithubSim,
    ecs: EcsSim,
}

impl Sandbox {
    /// Starts a sandbox in a folder; one that was used before goes on where it was.
    ///
    /// # Errors
    /// [`SandboxError`] says what did not start.
    pub async fn start(folder: &Path, options: Options) -> Result<Self, SandboxError> {
        let places = Places::open(folder)?;
        let ports = places.ports;
        let (lockstep, sample_app) = (binaries::find("lockstep")?, binaries::find("sample-app")?);
        let config = places.path("lockstep.toml");
        std::fs::write(&config, settings::text(&ports)).map_err(|e| SandboxError::folder(&config, &e))?;

        let registry = Registry::start(Places::address(ports.registry), &places.path("registry"))?;
        seeds::push_database(ports.registry, &sample_app).await?;
        let dynamodb =
            DynamoDb::start(Places::address(ports.dynamodb), Some(&places.path("dynamodb.sqlite")))?;
        let sqs = Sqs::start(Places::address(ports.sqs), REGION, ACCOUNT)?;

        let failed = SandboxError::start("the GitHub simulator");
        let github = GithubSim::start(github_sim::Config {
            listen: Places::address(ports.github),
            state_file: Some(places.path("github.json")),
            registry: registry.host(),
            registry_auth: oci_image::RegistryAuth::Anonymous,
            sample_app: sample_app.clone(),
            tokens: vec![GITHUB_TOKEN.to_owned()],
            knobs: options.github,
        });
        let github = github.await.map_err(|e| failed(&e))?;
        if !github.control().has_repository(OWNER, REPOSITORY) {
            github.control().create_repository(seeds::repository()).map_err(|e| failed(&e))?;
        }

        let failed = SandboxError::start("the ECS simulator");
        let ecs = EcsSim::start(ecs_sim::Config {
            listen: Places::address(ports.ecs),
            state_file: Some(places.path("ecs.json")),
            work_dir: places.path("tasks"),
            region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            seed: seeds::clusters(&ports),
            knobs: options.ecs,
            timing: options.timing,
            events: Some(SqsTarget {
                endpoint: sqs.endpoint(),
                url: settings::queue_url(&ports),
                region: REGION.to_owned(),
            }),
        });
        let ecs = ecs.await.map_err(|e| failed(&e))?;
        Ok(Self { places, lockstep, dynamodb, sqs, registry, github, ecs })
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.places.path("lockstep.toml")
    }

    /// The `lockstep` program.
    #[must_use]
    pub fn lockstep(&self) -> &Path {
        &self.lockstep
    }

    /// Where everything is.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The table's service.
    #[must_use]
    pub fn dynamodb(&self) -> &DynamoDb {
        &self.dynamodb
    }

    /// The queue's service.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// The registry.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// GitHub.
    #[must_use]
    pub fn github(&self) -> &GithubSim {
        &self.github
    }

    /// ECS.
    #[must_use]
    pub fn ecs(&self) -> &EcsSim {
        &self.ecs
    }

    /// Commits a version of the sample application to `main`, with its check passed; the commit's SHA.
    ///
    /// # Errors
    /// The simulator refuses it.
    pub fn push(&self, version: &str, variant: Variant, message: &str) -> Result<String, SandboxError> {
        let failed = SandboxError::start("the commit");
        let control = self.github.control();
        let commit = sample::commit("main", version, variant, message);
        let sha = control.commit(OWNER, REPOSITORY, commit).map_err(|e| failed(&e))?;
        self.report_check(&sha, "ci", Status::Completed, Some("success"))?;
        Ok(sha)
    }

    /// Reports a check of a commit.
    ///
    /// # Errors
    /// The simulator refuses it.
    pub fn report_check(
        &self,
        commit: &str,
        name: &str,
        status: Status,
        conclusion: Option<&str>,
    ) -> Result<(), SandboxError> {
        let failed = SandboxError::start("the check");
        let check = CheckSpec {
            commit: commit.to_owned(),
            name: name.to_owned(),
            status,
            conclusion: conclusion.map(str::to_owned),
        };
        self.github.control().report_check(OWNER, REPOSITORY, &check).map_err(|e| failed(&e))?;
        Ok(())
    }

    /// Stops everything; tasks first, since they talk to the rest.
    pub async fn shutdown(self) {
        self.ecs.shutdown().await;
        self.github.shutdown().await;
        self.registry.shutdown().await;
        self.sqs.shutdown().await;
        self.dynamodb.shutdown().await;
    }
}
