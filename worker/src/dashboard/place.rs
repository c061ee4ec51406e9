//! Which environments there are to show, and what the configuration says about each that a link needs. Must never
//! hold a secret.

use lockstep_events::{ApplicationName, EnvironmentName, InvalidValue};

use super::links;
use crate::config::{Config, Kind};

/// An environment as the page needs it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The application's name.
    pub application: ApplicationName,
    /// The environment's name.
    pub environment: EnvironmentName,
    /// Which way it is deployed to.
    pub kind: Kind,
    /// The ECS cluster's name.
    pub cluster: String,
    /// The application's ECS service in it.
    pub service: String,
    /// Where people look at the repository, if that can be told from the API's address.
    pub repository: Option<String>,
}

/// Every environment, by application, and of each application staging before production: the way of a release.
///
/// # Errors
/// A name in the configuration is none.
pub(super) fn all(config: &Config) -> Result<Vec<Place>, InvalidValue> {
    let mut places = Vec::new();
    for (application, section) in &config.applications {
        let repository = links::repository(&section.github);
        for (environment, of) in &section.environments {
            places.push(Place {
                application: application.parse()?,
                environment: environment.parse()?,
                kind: of.kind,
                cluster: of.cluster.clone(),
                service: of.service.clone(),
                repository: repository.clone(),
            });
        }
    }
    // Stable: within a kind the environments stay in the order of their names.
    places.sort_by_key(|place| (place.application.to_string(), place.kind == Kind::Production));
    Ok(places)
}
