//! Commits and their trees: how files change, and the hashes that follow from it.
//!
//! A commit never changes; a branch only ever moves to another one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::object_hash;
use super::references::Target;
use super::refusal::Refusal;
use super::repository::Repository;

/// The files of a commit by path; text only.
pub(crate) type Tree = BTreeMap<String, String>;

/// A commit to be made on a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitSpec {
    /// The branch; one that does not exist yet starts at the default branch's head.
    pub branch: String,
    /// New content by path; `null` removes the file.
    #[serde(default)]
    pub changes: BTreeMap<String, Option<String>>,
    /// The message.
    pub message: String,
    /// The author's login.
    pub author: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) tree_sha: String,
    pub(crate) parents: Vec<String>,
    pub(crate) tree: Tree,
    pub(crate) message: String,
    pub(crate) author: String,
    pub(crate) at: Timestamp,
}

impl Commit {
    /// The first line of the message.
    pub(crate) fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

impl Repository {
    /// Commits on a branch and moves the branch there; the answer is the new hash.
    ///
    /// The hash follows from the content, the parent, the message, the author and how many commits there
    /// were before, not from the time: a script that is run again makes the same commits.
    pub(crate) fn commit(&mut self, spec: CommitSpec, now: Timestamp) -> Result<String, Refusal> {
        let CommitSpec { branch, changes, message, author } = spec;
        let parent = match self.branch_head(&branch).or_else(|| self.branch_head(&self.default_branch)) {
            Some(parent) => Some(parent.to_owned()),
            None if self.commits.is_empty() && branch != self.default_branch => {
                return Err(Refusal::new(
                    409,
                    format!("Git Repository is empty. Commit to {} first.", self.default_branch),
                ));
            }
            None => None,
        };
        let mut tree = parent.as_ref().map(|sha| self.commits[sha].tree.clone()).unwrap_or_default();
        for (path, content) in changes {
            match content {
                Some(content) => tree.insert(path, content),
                None => tree.remove(&path),
            };
        }
        let tree_sha = tree_hash(&tree);
        let parents: Vec<String> = parent.into_iter().collect();
        let header: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let number = self.commits.len();
        let text = format!("tree {tree_sha}\n{header}author {author}\nnumber {number}\n\n{message}");
        let sha = object_hash("commit", text.as_bytes());
        let commit = Commit { sha: sha.clone(), tree_sha, parents, tree, message, author, at: now };
        self.commits.insert(sha.clone(), commit);
        self.references.insert(format!("refs/heads/{branch}"), Target::Commit(sha.clone()));
        self.pushed_at = now;
        Ok(sha)
    }

    /// The commit with this full hash.
    pub(crate) fn commit_by_sha(&self, sha: &str) -> Result<&Commit, Refusal> {
        self.commits.get(sha).ok_or_else(|| Refusal::no_commit(sha))
    }
}

/// The hash of a tree, computed folder by folder as git does.
pub(crate) fn tree_hash(tree: &Tree) -> String {
    let entries: Vec<(&str, &str)> = tree.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    folder_hash(&entries)
}

fn folder_hash(entries: &[(&str, &str)]) -> String {
    // git sorts folders as if their names ended in a slash.
    let mut objects: BTreeMap<String, (&str, &str, String)> = BTreeMap::new();
    let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (path, text) in entries {
        match path.split_once('/') {
            Some((folder, rest)) => folders.entry(folder).or_default().push((rest, text)),
            None => {
                let hash = object_hash("blob", text.as_bytes());
                objects.insert((*path).to_owned(), ("100644", path, hash));
            }
        }
    }
    for (folder, inner) in &folders {
        objects.insert(format!("{folder}/"), ("40000", folder, folder_hash(inner)));
    }
    let mut content = Vec::new();
    for (mode, name, hash) in objects.values() {
        content.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        content.extend(
            (0..hash.len()).step_by(2).filter_map(|at| u8::from_str_radix(&hash[at..at + 2], 16).ok()),
        );
    }
    object_hash("tree", &content)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::repository::RepositorySpec;
    use super::*;

    pub(crate) fn repository() -> Repository {
        Repository::new(RepositorySpec::new("acme", "app"), 0, Timestamp::UNIX_EPOCH)
    }

    /// A commit of one file on a branch.
    pub(crate) fn commit(repository: &mut Repository, branch: &str, path: &str, content: &str) -> String {
        let changes = BTreeMap::from([(path.to_owned(), Some(content.to_owned()))]);
        let spec = CommitSpec {
            branch: branch.to_owned(),
            changes,
            message: format!("Change {path}"),
            author: "dev".into(),
        };
        let now = Timestamp::from_second(repository.commits.len() as i64 * 60).unwrap();
        repository.commit(spec, now).unwrap()
    }

    #[test]
    fn tree_hashes_are_those_of_git() {
        // `git write-tree` of a folder with a/b ("1"), a.txt ("2") and c ("3").
        let tree = [("a/b", "1"), ("a.txt", "2"), ("c", "3")];
        let tree: Tree = tree.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(tree_hash(&tree), "9b9be3d5d82c35c259f6816e352e27f9108dbce8");
        // The empty tree has a well-known hash.
        assert_eq!(tree_hash(&Tree::new()), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    }

    #[test]
    fn the_same_script_makes_the_same_commits() {
        let (mut one, mut two) = (repository(), repository());
        assert_eq!(commit(&mut one, "main", "a", "1"), commit(&mut two, "main", "a", "1"));
        // The same change again is another commit.
        assert_ne!(commit(&mut one, "main", "a", "2"), commit(&mut one, "main", "a", "2"));
    }

    #[test]
    fn files_are_added_replaced_and_removed() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        commit(&mut repository, "main", "b", "2");
        let changes = BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some("3".to_owned()))]);
        let spec = CommitSpec { branch: "main".into(), changes, message: "m".into(), author: "dev".into() };
        let sha = repository.commit(spec, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(repository.commits[&sha].tree, Tree::from([("b".to_owned(), "3".to_owned())]));
    }

    #[test]
    fn a_new_branch_starts_at_the_default_branch() {
        let mut repository = repository();
        let base = commit(&mut repository, "main", "a", "1");
        let topic = commit(&mut repository, "topic", "b", "2");
        assert_eq!(repository.commits[&topic].parents, std::slice::from_ref(&base));
        assert_eq!(repository.branch_head("main"), Some(base.as_str()));
    }
}
