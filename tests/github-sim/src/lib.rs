//! A local GitHub: the part of its REST API that a deployment needs, with state, over real HTTP.
//!
//! Commits, references, releases, checks, workflow runs and deployments behave as GitHub's documentation
//! (API version 2022-11-28) says, down to the refusals; a dispatched image build really builds an image of
//! the sample application from the commit's files and pushes it to a registry. What is not certain about
//! GitHub is a knob. The product must never depend on this crate: it speaks to it as it speaks to GitHub.
//!
//! [`GithubSim::start`] starts one, [`Control`] acts on it from outside the API, [`KnobsHandle`] makes it
//! misbehave; both are also served below `/_sim` for other processes. [`VirtualGithub`] is the same without a port,
//! a builder or a clock of its own.

mod app;
mod builder;
mod control;
mod http;
mod knobs;
mod log;
mod model;
mod quota;
mod recipe;
mod route_kind;
mod server;
mod shapes;
mod state_file;
mod virtual_sim;

pub use app::Now;
pub use control::Control;
pub use knobs::{FailNext, ImageShape, Knobs, KnobsHandle, PrimaryLimit, SecondaryLimit};
pub use log::LoggedCall;
pub use model::checks::{CheckSpec, Status};
pub use model::commits::CommitSpec;
pub use model::environments::{EnvironmentSpec, ReviewSpec};
pub use model::refusal::Refusal;
pub use model::releases::{MakeLatest, ReleaseSpec};
pub use model::repository::{BuildCount, RepositorySpec};
pub use model::statuses::StatusSpec;
pub use model::workflows::{InputSpec, WorkflowSpec};
pub use oci_image::RegistryAuth;
pub use route_kind::RouteKind;
pub use server::{Config, GithubSim, StartError};
pub use state_file::StateError;
pub use virtual_sim::{Snapshot, VirtualBuild, VirtualGithub};
