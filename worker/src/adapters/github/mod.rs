//! GitHub as the forge, through octocrab: one file for each family of calls, over one client that bounds,
//! pages and classifies. Wires the parts up; must hold no call of its own.

mod checks;
mod client;
mod forge;
mod protection;
mod releases;
mod requests;
mod route;
mod runs;
mod settings;
mod setup;
mod source;
mod tags;
mod words;

pub use forge::GitHubForge;
pub use settings::{GitHubAuth, GitHubSettings, GitHubSetupError};
