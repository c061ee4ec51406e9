//! All repositories, the tokens handed out and the log of changes: what the state file holds.
//!
//! A change that is refused must leave all of it as it was.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::repository::{Repository, RepositorySpec};
use crate::log::LoggedCall;

/// How long an installation token is valid (GitHub documentation, "Generating an installation access token").
const TOKEN_LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// Everything that survives a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct World {
    /// By `owner/name` in lower case: GitHub's names are case-insensitive.
    repositories: BTreeMap<String, Repository>,
    tokens: BTreeMap<String, Timestamp>,
    pub(crate) log: Vec<LoggedCall>,
}

/// The key of a repository.
pub(crate) fn key(owner: &str, name: &str) -> String {
    format!("{owner}/{name}").to_lowercase()
}

impl World {
    pub(crate) fn create_repository(&mut self, spec: RepositorySpec, now: Timestamp) -> Result<(), Refusal> {
        let key = key(&spec.owner, &spec.name);
        if self.repositories.contains_key(&key) {
            return Err(Refusal::custom("Repository", "name already exists on this account"));
        }
        let repository = Repository::new(spec, self.repositories.len(), now);
        self.repositories.insert(key, repository);
        Ok(())
    }

    pub(crate) fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.values()
    }

    pub(crate) fn repository(&self, owner: &str, name: &str) -> Result<&Repository, Refusal> {
        self.repositories.get(&key(owner, name)).ok_or_else(Refusal::not_found)
    }

    pub(crate) fn repository_mut(&mut self, owner: &str, name: &str) -> Result<&mut Repository, Refusal> {
        self.repositories.get_mut(&key(owner, name)).ok_or_else(Refusal::not_found)
    }

    /// Remembers an installation token; the answer is when it expires.
    pub(crate) fn issue_token(&mut self, token: String, now: Timestamp) -> Timestamp {
        self.tokens.retain(|_, expires| *expires > now);
        let expires = now + TOKEN_LIFETIME;
        self.tokens.insert(token, expires);
        expires
    }

    /// Whether this installation token was handed out and has not expired.
    pub(crate) fn knows_token(&self, token: &str, now: Timestamp) -> bool {
        self.tokens.get(token).is_some_and(|expires| *expires > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_case_insensitive_and_taken_once() {
        let mut world = World::default();
        let now = Timestamp::UNIX_EPOCH;
        world.create_repository(RepositorySpec::new("Acme", "App"), now).unwrap();
        assert_eq!(world.repository("acme", "APP").unwrap().full_name(), "Acme/App");
        assert_eq!(world.create_repository(RepositorySpec::new("acme", "app"), now).unwrap_err().status, 422);
        assert_eq!(world.repository("acme", "other").unwrap_err().status, 404);
    }

    #[test]
    fn installation_tokens_expire() {
        let mut world = World::default();
        let now = Timestamp::UNIX_EPOCH;
        let expires = world.issue_token("t".into(), now);
        assert!(world.knows_token("t", now));
        assert!(!world.knows_token("t", expires));
        assert!(!world.knows_token("other", now));
    }
}
