//! Branches and tags: what they name, and how a name given by a client leads to a commit.
//!
//! A reference must never name an object that does not exist.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::repository::Repository;

/// What a reference names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "sha")]
pub(crate) enum Target {
    /// A commit: a branch or a lightweight tag.
    Commit(String),
    /// A tag object: an annotated tag.
    Tag(String),
}

impl Target {
    /// GitHub's word for the kind of object.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Commit(_) => "commit",
            Self::Tag(_) => "tag",
        }
    }

    pub(crate) fn sha(&self) -> &str {
        match self {
            Self::Commit(sha) | Self::Tag(sha) => sha,
        }
    }
}

impl Repository {
    /// The head of a branch by its short name.
    pub(crate) fn branch_head(&self, branch: &str) -> Option<&str> {
        self.references.get(&format!("refs/heads/{branch}")).map(Target::sha)
    }

    /// What an object hash names.
    pub(crate) fn object(&self, sha: &str) -> Option<Target> {
        if self.commits.contains_key(sha) {
            Some(Target::Commit(sha.to_owned()))
        } else if self.tag_objects.contains_key(sha) {
            Some(Target::Tag(sha.to_owned()))
        } else {
            None
        }
    }

    /// The commit that a target leads to, through any number of annotated tags.
    pub(crate) fn peel(&self, target: &Target) -> Option<&str> {
        let mut sha = target.sha();
        while let Some(tag) = self.tag_objects.get(sha) {
            sha = &tag.object;
        }
        self.commits.get(sha).map(|commit| commit.sha.as_str())
    }

    /// The commit that a branch, a tag, a full reference name or a hash of at least seven digits leads to.
    pub(crate) fn resolve(&self, name: &str) -> Option<&str> {
        if let Some(target) = self.object(name) {
            return self.peel(&target);
        }
        let names = [
            name.to_owned(),
            format!("refs/{name}"),
            format!("refs/heads/{name}"),
            format!("refs/tags/{name}"),
        ];
        if let Some(target) = names.iter().find_map(|name| self.references.get(name)) {
            return self.peel(target);
        }
        let abbreviated = name.len() >= 7 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut matching = self.commits.keys().filter(|sha| abbreviated && sha.starts_with(name));
        match (matching.next(), matching.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// As [`Repository::resolve`], refused as GitHub does it.
    pub(crate) fn resolve_or_refuse(&self, name: &str) -> Result<String, Refusal> {
        self.resolve(name).map(str::to_owned).ok_or_else(|| Refusal::no_commit(name))
    }

    /// The commit of a git tag by its short name.
    pub(crate) fn tag_commit(&self, tag: &str) -> Option<&str> {
        self.references.get(&format!("refs/tags/{tag}")).and_then(|target| self.peel(target))
    }

    /// Creates `refs/…` naming an object.
    pub(crate) fn create_reference(&mut self, name: &str, sha: &str) -> Result<Target, Refusal> {
        let parts = name.split('/').collect::<Vec<_>>();
        if parts.len() < 3 || parts[0] != "refs" || parts.iter().any(|part| part.is_empty()) {
            return Err(Refusal::new(422, format!("{name} is not a valid ref name.")));
        }
        if self.references.contains_key(name) {
            return Err(Refusal::new(422, "Reference already exists"));
        }
        let target = self.object(sha).ok_or_else(|| Refusal::new(422, "Object does not exist"))?;
        self.references.insert(name.to_owned(), target.clone());
        Ok(target)
    }

    /// Moves an existing reference; without `force` only forwards.
    pub(crate) fn update_reference(&mut self, name: &str, sha: &str, force: bool) -> Result<Target, Refusal> {
        let old = self.references.get(name).ok_or_else(|| Refusal::new(422, "Reference does not exist"))?;
        let target = self.object(sha).ok_or_else(|| Refusal::new(422, "Object does not exist"))?;
        let forward = match (self.peel(old), self.peel(&target)) {
            (Some(old), Some(new)) => self.is_ancestor(old, new),
            _ => false,
        };
        if !force && !forward {
            return Err(Refusal::new(422, "Update is not a fast forward"));
        }
        self.references.insert(name.to_owned(), target.clone());
        Ok(target)
    }

    /// Removes a reference; the objects stay.
    pub(crate) fn delete_reference(&mut self, name: &str) -> Result<(), Refusal> {
        self.references.remove(name).map(|_| ()).ok_or_else(|| Refusal::new(422, "Reference does not exist"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::commits::tests::{commit, repository};

    #[test]
    fn names_of_every_kind_lead_to_the_commit() {
        let mut repository = repository();
        let sha = commit(&mut repository, "main", "a", "1");
        repository.create_reference("refs/tags/1.0.0", &sha).unwrap();
        for name in [sha.as_str(), &sha[..7], "main", "heads/main", "refs/heads/main", "1.0.0", "tags/1.0.0"]
        {
            assert_eq!(repository.resolve(name), Some(sha.as_str()), "{name}");
        }
        for name in [&sha[..6], "mainx", "tags/main", ""] {
            assert_eq!(repository.resolve(name), None, "{name}");
        }
    }

    #[test]
    fn references_are_created_once_and_moved_forwards() {
        let mut repository = repository();
        let old = commit(&mut repository, "main", "a", "1");
        let new = commit(&mut repository, "main", "a", "2");
        repository.create_reference("refs/tags/t", &new).unwrap();
        let message = |outcome: Result<super::Target, super::Refusal>| outcome.unwrap_err().message;
        assert_eq!(message(repository.create_reference("refs/tags/t", &new)), "Reference already exists");
        assert_eq!(message(repository.create_reference("refs/tags/u", "00")), "Object does not exist");
        assert_eq!(message(repository.create_reference("t", &new)), "t is not a valid ref name.");
        assert_eq!(
            message(repository.update_reference("refs/tags/t", &old, false)),
            "Update is not a fast forward"
        );
        repository.update_reference("refs/tags/t", &old, true).unwrap();
        repository.update_reference("refs/tags/t", &new, false).unwrap();
        repository.delete_reference("refs/tags/t").unwrap();
        assert_eq!(
            repository.delete_reference("refs/tags/t").unwrap_err().message,
            "Reference does not exist"
        );
    }
}
