//! What the registry adapter is told at start. Must never be printable with a secret in it.

use std::time::Duration;

use oci_client::Reference;
use secrecy::SecretString;

/// One image repository, and how to log in to it.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    /// `host[:port]/name`, without tag or digest. Without a host it is Docker Hub's, as everywhere:
    /// `owner/name` is `docker.io/owner/name`.
    pub repository: String,
    /// Who logs in.
    pub auth: RegistryAuth,
    /// Read anonymously although credentials are configured: for tokens that may only push (Docker Hub).
    pub anonymous_reads: bool,
    /// Speak HTTP instead of HTTPS: for a registry on this host only.
    pub plain_http: bool,
    /// How long one step (logging in, one request) may take.
    pub call_timeout: Duration,
}

/// Who logs in to the registry.
#[derive(Debug, Clone)]
pub enum RegistryAuth {
    /// Nobody; where the registry issues tokens, an anonymous one is asked for.
    Anonymous,
    /// A user; sent as HTTP Basic to the registry itself or, where it has one, to its token service.
    Basic {
        /// The user's name.
        user: String,
        /// The password, or an access token used as one.
        password: SecretString,
    },
}

/// Why no client can be made of the settings.
#[derive(Debug, thiserror::Error)]
pub enum RegistrySetupError {
    /// The repository's name is none.
    #[error(
        "{given:?} is not an image repository: expected host[:port]/name without tag or digest ({reason})"
    )]
    Repository {
        /// What was configured.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client for the registry could not be made: {0}")]
    Client(String),
}

/// Where a repository is: the registry's host and the repository's name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    name: String,
}

impl Place {
    /// Reads `host[:port]/name`.
    pub(super) fn parse(given: &str) -> Result<Self, RegistrySetupError> {
        let wrong = |reason: &str| RegistrySetupError::Repository {
            given: given.to_owned(),
            reason: reason.to_owned(),
        };
        let last = given.rsplit('/').next().unwrap_or_default();
        if given.contains('@') || last.contains(':') {
            return Err(wrong("it has a tag, a digest or nothing after the port"));
        }
        let reference = Reference::try_from(given).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self { host: reference.registry().to_owned(), name: reference.repository().to_owned() })
    }

    /// `host/name`.
    pub(super) fn repository(&self) -> String {
        format!("{}/{}", self.host, self.name)
    }

    /// A tag of the repository.
    pub(super) fn tag(&self, tag: &str) -> Reference {
        Reference::with_tag(self.host.clone(), self.name.clone(), tag.to_owned())
    }

    /// A manifest of the repository by its digest.
    pub(super) fn digest(&self, digest: &str) -> Reference {
        Reference::with_digest(self.host.clone(), self.name.clone(), digest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_repository_is_a_host_and_a_name_with_docker_hub_by_default() {
        for (given, repository) in [
            ("127.0.0.1:5000/app", "127.0.0.1:5000/app"),
            (
                "1.dkr.ecr.eu-central-1.amazonaws.com/team/app",
                "1.dkr.ecr.eu-central-1.amazonaws.com/team/app",
            ),
            ("docker.io/owner/app", "docker.io/owner/app"),
            ("owner/app", "docker.io/owner/app"),
            ("app", "docker.io/library/app"),
        ] {
            assert_eq!(Place::parse(given).unwrap().repository(), repository);
        }
        assert_eq!(Place::parse("owner/app").unwrap().tag("1").resolve_registry(), "index.docker.io");
    }

    #[test]
    fn tags_digests_and_nonsense_are_refused() {
        let digest = format!("host/app@sha256:{}", "0".repeat(64));
        for bad in ["host/app:1", &digest, "host:5000", "https://host/app", "host/App", ""] {
            let error = Place::parse(bad).unwrap_err().to_string();
            assert!(error.contains("expected host[:port]/name"), "{bad:?}: {error}");
        }
    }
}
