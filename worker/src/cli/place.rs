//! Which application and environment a command is about, checked against the configuration before anything
//! is sent. Must never guess between two.

use lockstep_events::{ApplicationName, EnvironmentName};

use super::error::CliError;
use crate::config::{ApplicationConfig, Config, Kind};

/// An application of the configuration.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    /// Its name.
    pub(super) name: ApplicationName,
    /// Its section.
    pub(super) config: &'a ApplicationConfig,
}

/// The application that is meant: the named one, or the only one.
pub(super) fn application<'a>(
    config: &'a Config,
    wanted: Option<&ApplicationName>,
) -> Result<Chosen<'a>, CliError> {
    let mut all = applications(config, wanted)?;
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => {
            let names: Vec<_> = config.applications.keys().map(String::as_str).collect();
            Err(CliError::Usage(format!("say which application with --application: {}", names.join(", "))))
        }
        (None, _) => Err(CliError::Usage("the configuration has no application: add one".to_owned())),
    }
}

/// The applications that are meant: the named one, or all.
pub(super) fn applications<'a>(
    config: &'a Config,
    wanted: Option<&ApplicationName>,
) -> Result<Vec<Chosen<'a>>, CliError> {
    let mut chosen = Vec::new();
    for (name, section) in &config.applications {
        if wanted.is_none_or(|wanted| wanted.as_str() == name) {
            let name = name.parse().map_err(|e| CliError::Usage(format!("applications.{name}: {e}")))?;
            chosen.push(Chosen { name, config: section });
        }
    }
    match wanted {
        Some(wanted) if chosen.is_empty() => {
            let names: Vec<_> = config.applications.keys().map(String::as_str).collect();
            Err(CliError::Usage(format!(
                "there is no application {wanted} in the configuration, only: {}",
                names.join(", ")
            )))
        }
        _ => Ok(chosen),
    }
}

impl Chosen<'_> {
    /// Makes sure that the environment exists.
    pub(super) fn has(&self, environment: &EnvironmentName) -> Result<Kind, CliError> {
        let found = self.config.environments.get(environment.as_str());
        found.map(|environment| environment.kind).ok_or_else(|| {
            let all: Vec<_> = self
                .config
                .environments
                .iter()
                .map(|(name, environment)| format!("{name} ({})", word(environment.kind)))
                .collect();
            CliError::Usage(format!(
                "there is no environment {environment} of application {}, only: {}",
                self.name,
                all.join(", ")
            ))
        })
    }

    /// Makes sure that the environment exists and is of this kind.
    pub(super) fn has_of_kind(&self, environment: &EnvironmentName, wanted: Kind) -> Result<(), CliError> {
        match (self.has(environment)?, wanted) {
            (Kind::Staging, Kind::Staging) | (Kind::Production, Kind::Production) => Ok(()),
            (Kind::Production, Kind::Staging) => Err(CliError::Usage(format!(
                "{environment} is a production environment: deploy to staging, then `lockstep promote <beta> --environment {environment}`"
            ))),
            (Kind::Staging, Kind::Production) => Err(CliError::Usage(format!(
                "{environment} is a staging environment: betas are promoted to production; use `lockstep deploy {environment}`"
            ))),
        }
    }
}

/// A kind as the configuration spells it.
pub(super) fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Staging => "staging",
        Kind::Production => "production",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(applications: &[&str]) -> Config {
        let mut text = "table = \"t\"\nqueue = { url = \"q\", dead_letter_url = \"d\" }\n".to_owned();
        for name in applications {
            text += &format!(
                r#"
                [applications.{name}]
                github = {{ owner = "o", repository = "r", version_file = "f", build_workflow = "w" }}
                registry = {{ repository = "host/r" }}
                [applications.{name}.environments.staging]
                kind = "staging"
                cluster = "c"
                service = "{name}-s"
                container = "app"
                readiness = {{ url = "http://127.0.0.1/" }}
                [applications.{name}.environments.production]
                kind = "production"
                anyone_may_ask = true
                cluster = "c"
                service = "{name}-p"
                container = "app"
                readiness = {{ url = "http://127.0.0.1/" }}
                "#
            );
        }
        Config::parse(&text, Path::new("test.toml"), std::iter::empty()).unwrap()
    }

    fn name<T: std::str::FromStr<Err = lockstep_events::InvalidValue>>(text: &str) -> T {
        text.parse().unwrap()
    }

    #[test]
    fn the_only_application_need_not_be_named_but_one_of_two_must() {
        assert_eq!(application(&config(&["shop"]), None).unwrap().name.as_str(), "shop");
        let two = config(&["shop", "till"]);
        let error = application(&two, None).unwrap_err().to_string();
        assert_eq!(error, "say which application with --application: shop, till");
        assert_eq!(application(&two, Some(&name("till"))).unwrap().name.as_str(), "till");
        assert_eq!(applications(&two, None).unwrap().len(), 2);
        let error = application(&two, Some(&name("barn"))).unwrap_err().to_string();
        assert!(error.contains("no application barn") && error.contains("shop, till"), "{error}");
    }

    #[test]
    fn an_environment_must_exist_and_be_of_the_right_kind() {
        let config = config(&["shop"]);
        let shop = application(&config, None).unwrap();
        assert!(shop.has_of_kind(&name("staging"), Kind::Staging).is_ok());
        let error = shop.has(&name("stagin")).unwrap_err().to_string();
        assert!(error.ends_with("only: production (production), staging (staging)"), "{error}");
        let error = shop.has_of_kind(&name("production"), Kind::Staging).unwrap_err().to_string();
        assert!(error.contains("lockstep promote"), "{error}");
        let error = shop.has_of_kind(&name("staging"), Kind::Production).unwrap_err().to_string();
        assert!(error.contains("lockstep deploy staging"), "{error}");
    }
}
